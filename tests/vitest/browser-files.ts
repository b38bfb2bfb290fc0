/** A project of Vitest's browser mode: one run must not find what the run before has left. */
export const BROWSER_FILES = {
  'clicks.test.ts': `
    import { expect, test } from 'vitest'
    import { page, userEvent } from 'vitest/browser'
    test('a button is clicked through the provider', async () => {
      document.body.innerHTML = '<button>go</button><output></output>'
      const [button, output] = document.body.children as unknown as HTMLElement[]
      button.onclick = () => (output.textContent = 'done')
      await userEvent.click(button)
      await expect.element(page.getByText('done')).toBeInTheDocument()
    })
    test('fails', () => expect(1).toBe(2))`,
  'leaves.test.ts': `
    import { expect, test } from 'vitest'
    test('finds nothing of the run before', () => {
      expect(document.cookie + localStorage.length).toBe('0')
      document.cookie = 'a=1; max-age=3600'
      localStorage.setItem('a', '1')
    })`,
}

/** How its tests end, everywhere. */
export const BROWSER_VERDICTS = {
  'clicks.test.ts > a button is clicked through the provider': 'passed',
  'clicks.test.ts > fails': 'failed',
  'leaves.test.ts > finds nothing of the run before': 'passed',
}
