import { expect, test } from 'vitest'
import { formsOf } from './mask-forms.ts'
import { asWritten, shownAddress } from './shown-address.ts'

test.each([
  ['https://jane:p@ss@Host.example:8443/a b/./"x"/../\\y?token=1#z', 'https://Host.example:8443/a b/./"x"/../\\y'],
  ['HTTPS://host', 'HTTPS://host'],
  ['ssh://git:pw@host/r.git', 'ssh://host/r.git'],
  ['git@host:team/r.git', 'git@host:team/r.git'],
  ['/srv/a@b?c', '/srv/a@b?c'],
])('%s is shown as %s', (address, shown) => expect(shownAddress(address)).toBe(shown))

test('a host in an error is that which was written', () => {
  expect(asWritten('getaddrinfo ENOTFOUND my-secret', 'https://My-Secret:80/x')).toBe('getaddrinfo ENOTFOUND My-Secret')
})

test.each(['pa "ss^wo{r}d`x|y[z]%é<>', "x\\y z'q"])('%s is known as URLs have it, and as JSON in JSON', (secret) => {
  const forms = formsOf(secret).map(String)
  const { pathname, search } = new URL(`http://host/${secret}`)
  const query = new URL(`http://host/?${secret}`).search
  expect(search).toBe('')
  expect(forms).toEqual(
    expect.arrayContaining([pathname.slice(1), query.slice(1), JSON.stringify(JSON.stringify(secret)).slice(3, -3)]),
  )
})
