import { createMasks, type Masks } from '../content/masks.ts'
import type { ConfigValue } from './config.ts'

/** Of a workflow that is prepared, or about to be. */
interface Parameters {
  config: Readonly<Record<string, ConfigValue>>
  /** Names of those that are never shown. */
  sensitive: readonly string[]
}

/** Values of sensitive parameters are secrets from now on. */
export function hideSensitive({ config, sensitive }: Parameters, masks: Pick<Masks, 'add'>): void {
  for (const name of sensitive) masks.add(String(config[name]))
}

/** Masks that know these values: whatever is told of a workflow, they must know them before. */
export function sensitiveMasks(parameters: Parameters): Masks {
  const masks = createMasks()
  hideSensitive(parameters, masks)
  return masks
}
