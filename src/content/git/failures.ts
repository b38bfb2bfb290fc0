/** Where another attempt would be told the same. */
const LASTING =
  /authentication failed|could not read (username|password)|permission denied|access denied|host key verification failed|repository .*not found|does not (exist|appear to be)|returned error: 4(0[0-9]|1\d|22|51)|couldn't find remote ref|not our ref|unadvertised object|unsupported protocol|transport '.*' not allowed|certificate/i

/** The network, or a server that has too much to do. */
const PASSING =
  /could not resolve|temporary failure|name or service not known|timed? ?out|connection (refused|reset|closed)|couldn't connect|failed to connect|network is unreachable|no route to host|early eof|unexpected disconnect|hung up|rpc failed|empty reply|transfer closed|recv failure|send failure|operation too slow|returned error: (408|425|429|5\d\d)|gnutls_handshake|ssl_error_syscall|unexpected eof|kex_exchange_identification|broken pipe|bad packet length|index-pack/i

export const isPassingFailure = (said: string) => PASSING.test(said) && !LASTING.test(said)

/** A commit that is not at the tip of anything is not given out by itself by every server. */
export const isUnknownCommit = (said: string) =>
  /not our ref|unadvertised object|couldn't find remote ref|no such remote ref/i.test(said)
