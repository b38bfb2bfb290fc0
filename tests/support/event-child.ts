import { openEventBook } from '../../src/workflow/executions/event-book.ts'
import { eventFeed } from '../../src/workflow/executions/event-feed.ts'

/** Tells events for ever; says so after the thousandth, and goes on. */
const feed = eventFeed()
const book = openEventBook(process.argv[2]!, (error) => process.stderr.write(`${error.message}\n`))
feed.listen((event, line) => book.write(event, line))
for (let i = 0; ; i += 1) {
  feed.tell({ type: 'output', unit: '', ref: 'r1', stream: 'stdout', text: `line ${i}\n` })
  if (i === 1_000) process.stdout.write('told\n')
  if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
}
