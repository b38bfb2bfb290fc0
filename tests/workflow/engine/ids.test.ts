import { expect, test } from 'vitest'
import { run } from './house.ts'

const GIVES = (id: string) =>
  `  - { id: ${id}, shell: 'echo ${id} > $WORKFLOW_OUTPUTS/made; echo ${id} > $WORKFLOW_RESULTS/file' }`

test('a step may have any id: its outputs, results and status are found, and names of the engine stay what they are', async () => {
  const ids = ['results', 'outputs', 'status', 'env', 'services', 'output', 'index']
  const { output, result } = await run(
    `container: { env: [{ name: OWN, value: own }] }
steps:
${ids.map(GIVES).join('\n')}
  - shell: >-
      echo ${ids.map((id) => `{{ step.${id}.outputs.made }}={{ step.${id}.status }}`).join(' ')}
      {{ env.OWN }} {{ output.made }}; ls {{ step.results.results }}
  - { id: mine, condition: results && step.env.status == "passed" && env.OWN == "own", shell: 'echo {{ step.results == env.NOTHING }}' }`,
  )
  expect(result.error?.message ?? result.status).toBe('passed')
  expect(output).toBe(`${ids.map((id) => `${id}=passed`).join(' ')} own index\nfile\nfalse\n`)
}, 60_000)
