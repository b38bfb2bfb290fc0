import { filePathOf } from './resolve.ts'

/** Errors of Node's loader, in its words. */
function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code })
}

/** The attribute `type` has to fit the file. @throws TypeError ERR_IMPORT_ATTRIBUTE_… */
export function checkType(url: string, path: string, type: string): void {
  const isJson = path.endsWith('.json')
  if (type !== '' && type !== 'json') {
    const message = `Import attribute "type" with value "${type}" is not supported in ${url}`
    throw withCode(new TypeError(message), 'ERR_IMPORT_ATTRIBUTE_UNSUPPORTED')
  }
  if (isJson && type === '')
    throw withCode(new TypeError(`Module "${url}" needs an import attribute of "type: json"`), 'ERR_IMPORT_ATTRIBUTE_MISSING')
  if (!isJson && type === 'json')
    throw withCode(new TypeError(`Module "${url}" is not of type "json"`), 'ERR_IMPORT_ATTRIBUTE_TYPE_INCOMPATIBLE')
}

export function missingError(path: string, parentUrl: string): Error {
  return withCode(new Error(`Cannot find module '${path}' imported from ${placeOf(parentUrl)}`), 'ERR_MODULE_NOT_FOUND')
}

export function directoryError(path: string, parentUrl: string): Error {
  const message = `Directory import '${path}' is not supported resolving ES modules imported from ${placeOf(parentUrl)}`
  return withCode(new Error(message), 'ERR_UNSUPPORTED_DIR_IMPORT')
}

function placeOf(url: string): string {
  return filePathOf(url)?.path ?? url
}
