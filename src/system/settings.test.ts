import { expect, test } from 'vitest'
import { cacheFolder, dataFolder, readSettings, settingsFault } from './settings.ts'

test('what is not given, or empty, or blank, is undefined', () => {
  expect(Object.values(readSettings({})).every((value) => value === undefined)).toBe(true)
  expect(readSettings({ EVERWARM_HANG_MS: '', EVERWARM_HOME: ' ' })).toEqual(readSettings({}))
})

test('numbers, flags and texts are read', () => {
  const env = { EVERWARM: '0', EVERWARM_JUDGE: '1', EVERWARM_HANG_MS: '1500', EVERWARM_SPARES: '0', EVERWARM_CACHE: 'a b' }
  expect(readSettings(env)).toMatchObject({ isOn: false, isJudging: true, hangMs: 1500, spares: 0, cache: 'a b' })
})

test.for([
  ['EVERWARM', 'false', '0 or 1'],
  ['EVERWARM_JUDGE', 'no', '0 or 1'],
  ['EVERWARM_HANG_MS', 'abc', 'a whole number from 1 to 2147483647'],
  ['EVERWARM_HANG_MS', '0', 'a whole number from 1 to 2147483647'],
  ['EVERWARM_HANG_MS', '-5', 'a whole number'],
  ['EVERWARM_HANG_MS', '1.5', 'a whole number'],
  ['EVERWARM_HANG_MS', '1e3', 'a whole number'],
  ['EVERWARM_HANG_MS', '30s', 'a whole number'],
  ['EVERWARM_IDLE_MS', '2147483648', 'a whole number from 0 to 2147483647'],
  ['EVERWARM_HOST_START_MS', 'x', 'a whole number'],
  ['EVERWARM_MAX_HOSTS', '0', 'a whole number from 1 to 1024'],
  ['EVERWARM_MAX_LEASES', '∞', 'a whole number'],
  ['EVERWARM_SPARES', 'none', 'a whole number from 0'],
])('%s=%s is refused by name, with what it has to be', ([name, value, wanted]) => {
  const fault = settingsFault({ [name!]: value })
  expect(fault).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining(`unset ${name}`) })
  expect(fault!.message).toContain(`${name} must be ${wanted}`)
  expect(fault!.message).toContain(`"${value}"`)
})

test('folders are those of the variables, else where this user keeps such things', () => {
  const user = { XDG_CACHE_HOME: '/user/cache', XDG_DATA_HOME: '/user/data' }
  expect(cacheFolder(user)).toBe('/user/cache/everwarm')
  expect(cacheFolder({ ...user, EVERWARM_CACHE: '/own' })).toBe('/own')
  expect(dataFolder(user, 'coordinator')).toBe('/user/data/everwarm/coordinator')
  expect(dataFolder({ ...user, EVERWARM_HOME: '/home' }, 'orchestrator')).toBe('/home/orchestrator')
})
