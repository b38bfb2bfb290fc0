/**
 * Raised with every change of a shape in this folder: daemon and clients of different numbers never talk.
 * Apart from the schemas, because clients read it and must not load zod for it.
 */
export const PROTOCOL_VERSION = 5
