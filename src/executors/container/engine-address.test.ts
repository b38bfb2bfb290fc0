import { expect, test } from 'vitest'
import { engineAddress } from './engine-address.ts'

test.each([
  ['unix:///run/x.sock', { socketPath: '/run/x.sock', isTls: false }],
  ['tcp://10.0.0.1:2375', { host: '10.0.0.1', port: 2375, isTls: false }],
  ['tcp://10.0.0.1:2376', { host: '10.0.0.1', port: 2376, isTls: true }],
  ['https://engine.example', { host: 'engine.example', port: 2376, isTls: true }],
])('%s', (host, address) => {
  expect(engineAddress(host, {})).toMatchObject(address)
})

test('what is given wins over DOCKER_HOST, that over CONTAINER_HOST, and those over usual places', () => {
  const env = { DOCKER_HOST: 'unix:///d', CONTAINER_HOST: 'unix:///c', XDG_RUNTIME_DIR: '/run/user/1' }
  expect(engineAddress('unix:///own', env).socketPath).toBe('/own')
  expect(engineAddress(undefined, env).socketPath).toBe('/d')
  expect(engineAddress(undefined, { ...env, DOCKER_HOST: '' }).socketPath).toBe('/c')
})

test.skipIf(process.platform === 'win32')('podman’s socket is found where there is no Docker', () => {
  const only = (path: string) => path === '/run/user/1/podman/podman.sock'
  expect(engineAddress(undefined, { XDG_RUNTIME_DIR: '/run/user/1' }, only).socketPath).toBe('/run/user/1/podman/podman.sock')
})

test.each(['ssh://host', 'nonsense', 'tcp://'])('%s is no address', (host) => {
  expect(() => engineAddress(host, {})).toThrow(expect.objectContaining({ code: 'EXECUTOR_UNREACHABLE' }))
})
