import { type Metrics, type ReportReader, summaryOf } from './report.ts'

/** Of each field: how many numbers, their mean, the largest. */
const MOST_FIELDS = 160
/** `measurement,tag=value field=1i,other="text" 1465839830100400200`; a backslash takes the next letter's meaning. */
const LINE = /^((?:\\.|[^\\, \n])+)((?:,(?:\\.|[^\\ \n])+)?) ((?:"(?:\\.|[^"\\])*"|\\.|[^" \\\n])+)(?: -?\d+)?$/
const FIELD = /((?:\\.|[^\\,= "])+)=("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)/g
const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?[iu]?$/i

/** Influx line protocol. @see https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ */
export const readInflux: ReportReader = (name, bytes) => {
  if (!/\.(influx|lp)$/i.test(name)) return undefined
  const fields = new Map<string, { count: number; sum: number; max: number }>()
  for (const line of bytes.toString().split('\n')) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const [, measurement, , values] = LINE.exec(text) ?? []
    // A line that is none: so is the file.
    if (!values?.includes('=')) return undefined
    for (const [, field, value] of values.matchAll(FIELD))
      if (NUMBER.test(value!)) add(fields, `${plain(measurement!)}.${plain(field!)}`, Number.parseFloat(value!))
  }
  if (fields.size === 0) return undefined
  const metrics: Metrics = {}
  for (const [field, { count, sum, max }] of fields)
    Object.assign(metrics, { [`${field}.count`]: count, [`${field}.avg`]: sum / count, [`${field}.max`]: max })
  return { kind: 'influx', summary: summaryOf({ metrics }) }
}

function add(fields: Map<string, { count: number; sum: number; max: number }>, field: string, value: number): void {
  const known = fields.get(field)
  if (known) {
    known.count++
    known.sum += value
    known.max = Math.max(known.max, value)
  } else if (fields.size < MOST_FIELDS) fields.set(field, { count: 1, sum: value, max: value })
}

const plain = (text: string) => text.replace(/\\(.)/g, '$1')
