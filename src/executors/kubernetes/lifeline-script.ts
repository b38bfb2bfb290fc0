/** Internal folder of a pod, in all its containers. */
export const INTERNAL = '/.everwarm'
/** In the environment of all processes that are ours, and of none of a command. */
export const OWN_VARIABLE = 'EVERWARM_OWN'

const TICK_SECONDS = 2

/**
 * Main process of an idle container: it ends, and all in the container with it, when nothing new has been written to the lifeline
 * for so long. Each new text counts, whatever the clocks of the node say.
 */
const IDLE = `(umask 0; mkdir -p /data/repo)
trap 'exit 0' TERM INT
last= silent=0
while [ "$silent" -lt "$1" ]; do
  sleep ${TICK_SECONDS} & wait $!
  now=; { read -r now < ${INTERNAL}/lifeline; } 2>/dev/null
  if [ "$now" = "$last" ]; then silent=$((silent+1)); else silent=0 last=$now; fi
done
exit "$2"`

/** @param exitCode of its end by silence; SIGTERM ends it with 0 */
export const idleCommand = (silenceMs: number, exitCode = 0): string[] => [
  'sh',
  '-c',
  IDLE,
  'everwarm',
  String(Math.max(2, Math.ceil(silenceMs / 1_000 / TICK_SECONDS))),
  String(exitCode),
]

/** Runs as long as the engine speaks to it; each line is a sign of life, and is answered. */
export const LIFELINE = `umask 0
while read -r line; do echo "$line" > ${INTERNAL}/lifeline; echo .; done`
