import { durationMs } from '../../duration.ts'
import { type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { below } from '../in-field.ts'
import { resolved } from '../resolved.ts'

export async function delay(context: OperationContext<'delay'>): Promise<OperationEnd> {
  const { clock } = context.unit.engine
  let leftMs = await below('delay', async () => durationMs(await resolved(context, context.node.operation.delay)))
  await new Promise<void>((resolve) => {
    let [sinceMs, timer] = [clock.now(), clock.after(leftMs, resolve)]
    context.hold({
      async pause() {
        timer.cancel()
        leftMs -= clock.now() - sinceMs
      },
      async resume() {
        sinceMs = clock.now()
        timer = clock.after(Math.max(0, leftMs), resolve)
      },
    })
    context.signal.addEventListener('abort', () => (timer.cancel(), resolve()), { once: true })
  })
  return PASSED
}
