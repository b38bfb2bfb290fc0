import { defineRunner } from 'everwarm/runner'
import { z } from 'zod'

export const cookieBannerVisibleTest = defineRunner({
  input: z.object({ url: z.url() }),
  async run({ page, url, log }) {
    await page.goto(url)
    log('title', await page.title())
    return { isVisible: await page.getByText('cookies').isVisible() }
  },
})

/** Needs no browser: answers at once. */
export const answers = defineRunner({
  input: z.object({ url: z.url() }),
  browser: false,
  async run({ url, signal }) {
    const { status } = await fetch(url, { signal })
    return { status }
  },
})
