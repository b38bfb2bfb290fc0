/**
 * Names that are assigned somewhere other than in their own declaration, wherever that is. Errs towards more:
 * importers of such a name read it through a getter, which is right for all and only slower.
 */
export function reassignedNames(source: string): Set<string> {
  const names = new Set<string>()
  for (const match of source.matchAll(ASSIGNMENT)) {
    const before = source.slice(Math.max(0, match.index - 24), match.index)
    if (/\b(?:const|let|var)\s+$/.test(before)) continue
    // TypeScript's enums and namespaces: `(Name || (Name = {}))` runs once, at the top
    if (
      /\|\|\s*\(\s*$/.test(before) &&
      /^[\w$]+\s*=\s*\{\}\s*\)/.test(source.slice(match.index, match.index + match[0].length + 8))
    )
      continue
    names.add(match[1]!)
  }
  for (const match of source.matchAll(/(?:\+\+|--)\s*([A-Za-z_$][\w$]*)/g)) names.add(match[1]!)
  for (const match of source.matchAll(/\bfor\s*(?:await\s*)?\(\s*([A-Za-z_$][\w$]*)\s+(?:of|in)\b/g)) names.add(match[1]!)
  // `[name] = …`, `({ name } = …)` outside of declarations
  for (const match of source.matchAll(/[\]}]\s*=(?![=>])/g)) {
    const pattern = enclosingPattern(source, match.index)
    if (!pattern.isDeclared) for (const [name] of pattern.text.matchAll(/[A-Za-z_$][\w$]*/g)) names.add(name)
  }
  return names
}

const ASSIGNMENT = /(?<![\w$.])([A-Za-z_$][\w$]*)\s*(?:=(?![=>])|[-+*/%&|^]=|\*\*=|<<=|>>>?=|&&=|\|\|=|\?\?=|\+\+|--)/g

function enclosingPattern(source: string, close: number): { text: string; isDeclared: boolean } {
  let depth = 0
  let at = close
  for (; at >= 0 && close - at < 2000; at--) {
    const char = source[at]
    if (char === ']' || char === '}' || char === ')') depth++
    else if ((char === '[' || char === '{' || char === '(') && --depth === 0) break
  }
  return {
    text: source.slice(Math.max(at, 0), close + 1),
    isDeclared: /\b(?:const|let|var)\s+$/.test(source.slice(Math.max(0, at - 12), Math.max(at, 0))),
  }
}
