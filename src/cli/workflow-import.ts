import { visibleText } from '../system/visible-text.ts'
import { importTexts } from '../workflow/import/import-texts.ts'
import { type ImportNote, noteText } from '../workflow/import/notes.ts'
import { readText } from '../workflow/load.ts'
import { MOST_BYTES } from '../workflow/yaml.ts'
import { badInput, type Command } from './command.ts'
import { count } from './table.ts'
import { writeFile } from './write-file.ts'

const SEE = 'everwarm workflow import --help'

export const workflowImport: Command = {
  options: { output: { type: 'string' } },
  help: [
    '<file> …              documents of kind TestWorkflow or TestWorkflowTemplate of Testkube; - is standard input',
    '--output <file>       writes them there',
    '',
    'Prints them as workflows of everwarm: comments and order stay. Says on stderr, with line and column, what was left out or',
    'changed, and what must be done by hand. Lists are taken apart: kubectl get testworkflows,testworkflowtemplates -o yaml |',
    'everwarm workflow import -',
  ],
  async run({ positionals, values, print }) {
    if (positionals.length === 0) throw badInput('Which file? `everwarm workflow import <file>`.', SEE)
    const { texts, notes } = importTexts(await Promise.all(positionals.map(givenText)))
    if (texts.length === 0) throw badInput(`There is no TestWorkflow in ${positionals.join(', ')}.`, SEE)
    for (const note of notes) process.stderr.write(`${noteText(note)}\n`)
    process.stderr.write(`${summary(texts.length, notes)}\n`)
    const text = texts.join('---\n')
    if (typeof values['output'] === 'string') writeFile(values['output'], text, '--output')
    // A file gets it as it is.
    else print(process.stdout.isTTY ? visibleText(text.trimEnd()) : text.trimEnd())
  },
}

async function givenText(path: string): Promise<{ file: string; text: string }> {
  return path === '-' ? { file: 'standard input', text: await standardInput() } : { file: path, text: readText(path) }
}

/** One byte more than there may be is enough to say so. */
async function standardInput(): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer)
    if ((bytes += (chunk as Buffer).length) > MOST_BYTES) break
  }
  return Buffer.concat(chunks).toString()
}

function summary(documents: number, notes: readonly ImportNote[]): string {
  const byHand = notes.filter(({ isByHand }) => isByHand).length
  const work = byHand === 0 ? 'nothing is left to be done by hand' : `${count(byHand, 'thing')} to be done by hand`
  return `${count(documents, 'document')}, ${work}`
}
