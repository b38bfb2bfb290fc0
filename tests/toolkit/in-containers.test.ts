import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import { ownFolder, script } from './toolkit-run.ts'

const host = await dockerHost()

test.runIf(host)(
  'in containers: workers know the files of this folder as /data/repo, services are reached',
  { timeout: 120_000 },
  async () => {
    const folder = ownFolder()
    const { node: image } = await testImages(host!)
    for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.txt`), name)
    const workers = {
      shards: { f: 'glob("*.txt")' },
      maxCount: 2,
      transfer: [{ from: '.', files: ['*.txt'] }],
      fetch: [{ from: 'out' }],
      shell: 'mkdir out; cat {{ shard.f.0 }} > out/{{ index }}; echo {{ shard.f }} >> out/{{ index }}',
    }
    const web = {
      image,
      ports: [8080],
      command: ['node', '-e', 'require("http").createServer((_, a) => a.end("hello")).listen(process.env.PORT)'],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }
    const text = `
    tk parallel '${JSON.stringify(workers)}' >/dev/null || exit 11
    tk services -g g '${JSON.stringify({ web })}' >/dev/null || exit 12
    eval "$(tk services -g g)"
    "${process.execPath}" -e 'fetch("http://" + process.argv[1]).then((a) => a.text()).then(console.log)' $SERVICES_WEB_0_IP:$SERVICES_WEB_0_PORT_8080
    tk kill g`
    const env = { DOCKER_HOST: host!, EVERWARM_CONFIG: JSON.stringify({ executor: 'docker', image }) }
    const { code, stdout, stderr } = await script(folder, text, env).ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('hello\n')
    expect(readFileSync(join(folder, 'out/0'), 'utf8')).toBe('a/data/repo/a.txt\n')
    expect(readFileSync(join(folder, 'out/1'), 'utf8')).toBe('b/data/repo/b.txt\n')
  },
)
