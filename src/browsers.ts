/** Warm browsers for any program: see docs/browsers.md. */
export { leaseBrowser } from './pool/browsers/lease-browser.ts'
export type { EvaluateOptions, LeaseBrowserOptions, LeasedBrowser } from './pool/browsers/lease-browser.ts'
export type { DriverName } from './pool/browsers/profile.ts'
export type { Addresses } from './environments/browsers/lending/engine.ts'
export type { Place } from './environments/browsers/lending/code-places.ts'
