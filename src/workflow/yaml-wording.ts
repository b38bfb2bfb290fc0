/** What a parser says, in words for who wrote the file. */
export interface YamlWording {
  message: string
  hint?: string
}

type Wording = [code: string, says: RegExp, wording: YamlWording]

const FIELDS = 'A field is written `name: value`, an item of a list `- value`.'
const COLUMNS = 'Fields of one map, and items of one list, begin in one column.'
const INDENT_IT = 'Indent it as far as the first line of the text.'
const QUOTE_IT = 'Put a text with : # [ ] { } & * or ! in it in quotes.'

/** The first that fits. */
const OPEN = (left: string, right: string): YamlWording => ({
  message: `A ${left} before this is not closed.`,
  hint: `It needs a ${right}; lines in between must be indented more than what they belong to.`,
})

/** The first that fits. */
const WORDINGS: readonly Wording[] = [
  ['TAB_AS_INDENT', /./, { message: 'A line begins with a tab.', hint: 'YAML is indented with spaces.' }],
  ['BAD_INDENT', /end with a \]/, OPEN('[', ']')],
  ['BAD_INDENT', /end with a \}/, OPEN('{', '}')],
  ['BAD_INDENT', /block scalar/i, { message: 'A line of a text is indented less than its first line.', hint: INDENT_IT }],
  ['BAD_INDENT', /./, { message: 'The line does not begin in the column of those beside it.', hint: COLUMNS }],
  [
    'MISSING_CHAR',
    /quote/,
    { message: 'A quote is not closed.', hint: 'A quote inside of "…" is \\", one inside of \'…\' is written twice.' },
  ],
  ['MISSING_CHAR', /\]/, OPEN('[', ']')],
  ['MISSING_CHAR', /\}/, OPEN('{', '}')],
  ['MISSING_CHAR', /,/, { message: 'A comma is missing between two items.', hint: QUOTE_IT }],
  ['MISSING_CHAR', /Sequence item/, { message: 'The line does not begin in the column of those beside it.', hint: COLUMNS }],
  ['MISSING_CHAR', /./, { message: 'There is no `:` behind this.', hint: FIELDS }],
  ['BLOCK_AS_IMPLICIT_KEY', /sequence/, { message: 'An item of a list cannot stand here.', hint: COLUMNS }],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    /./,
    { message: 'A field has a value, and fields below it or a second `: `, too.', hint: `${COLUMNS} ${QUOTE_IT}` },
  ],
  [
    'MULTILINE_IMPLICIT_KEY',
    /./,
    { message: 'A value goes on in the next line, which is not indented; or a `:` is missing.', hint: FIELDS },
  ],
  ['BLOCK_IN_FLOW', /./, { message: 'A comma is missing, or an item with - stands inside of [ ] or { }.', hint: QUOTE_IT }],
  ['BAD_SCALAR_START', /./, { message: 'A text cannot begin with this character.', hint: 'Put it in quotes.' }],
  [
    'BAD_DQ_ESCAPE',
    /./,
    {
      message: 'Behind a backslash in "…" this means nothing.',
      hint: 'Write two backslashes, or put the text in single quotes.',
    },
  ],
  ['TAG_RESOLVE_FAILED', /./, { message: 'There is no such tag.', hint: 'A text that begins with ! needs quotes.' }],
  [
    'BAD_ALIAS',
    /./,
    { message: 'Behind * stands the name of an &anchor.', hint: 'A text that begins with * needs quotes: "**/*.ts".' },
  ],
  ['ALIAS_PROPS', /./, { message: 'An *alias can have no &anchor and no tag.' }],
  ['MULTIPLE_ANCHORS', /./, { message: 'One value has two anchors.', hint: 'Leave one & away.' }],
  ['MULTIPLE_TAGS', /./, { message: 'One value has two tags.', hint: 'Leave one ! away.' }],
  [
    'KEY_OVER_1024_CHARS',
    /./,
    { message: 'The name of a field has more than 1024 characters.', hint: 'A quote or a bracket may not be closed.' },
  ],
  ['UNEXPECTED_TOKEN', /flow-(?:map|seq)-end/, { message: 'A bracket closes nothing.', hint: QUOTE_IT }],
  [
    'UNEXPECTED_TOKEN',
    /Not a YAML token/,
    { message: 'Behind | and > the line ends.', hint: 'The text begins in the next line.' },
  ],
  [
    'UNEXPECTED_TOKEN',
    /block-seq-ind/,
    { message: 'An item of a list cannot stand in the line of its field.', hint: 'Begin a new line before the -.' },
  ],
  ['UNEXPECTED_TOKEN', /./, { message: 'The value has ended before this.', hint: QUOTE_IT }],
]

/** What comes of a first fault further up, and is none by itself. */
export const isFollowUp = (code: string, says: string): boolean =>
  code === 'UNEXPECTED_TOKEN' || code === 'MULTILINE_IMPLICIT_KEY' || (code === 'MISSING_CHAR' && says.startsWith('Implicit'))

/** Of codes that are not here, what the parser says. */
export function yamlWording(code: string, says: string): YamlWording {
  const found = WORDINGS.find(([known, fits]) => known === code && fits.test(says))
  return found?.[2] ?? { message: `${says.replace(/\.$/, '')}.` }
}
