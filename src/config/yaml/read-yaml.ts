/**
 * Parses YAML text to a tree with positions. Refuses everything that makes a file mean more than it shows: several documents,
 * directives, merge keys, foreign tags, repeated keys, keys that collide with object prototypes, aliases that expand too much.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument, visit, type YAMLError } from 'yaml';
import { buildTree } from './build-tree.ts';
import type { ProblemList } from './problem.ts';
import type { Variables } from './substitute-env.ts';
import type { Node } from './tree.ts';

/** How the YAML library parses a configuration: only the core schema of YAML 1.2. */
const yamlOptions = {
  version: '1.2',
  schema: 'core',
  merge: false,
  resolveKnownTags: false,
  uniqueKeys: false,
  prettyErrors: false,
  // "silent" would also suppress the error about further documents.
  logLevel: 'error',
} as const;

/** Largest file in UTF-16 units: tens of thousands of routes. */
export const maxFile: number = 16 * 1024 * 1024;

/** Returns null if the reported problems leave nothing to check. */
export function readYaml(text: string, variables: Variables, list: ProblemList): Node | null {
  if (text.length > maxFile) {
    list.report(0, `the file is larger than ${maxFile / 1024 / 1024} MiB`);
    return null;
  }
  const document = parse(text);
  if (document === null) {
    list.report(0, 'the file is nested too deeply');
    return null;
  }
  // The parser continues after an error, but most later reports only follow from the first one.
  const error = document.errors.find((one) => !isFalseAlarm(one, text));
  if (error !== undefined) {
    const unclosed = isUnclosedQuote(error) ? openingQuote(document, error.pos[0]) : null;
    list.report(unclosed ?? error.pos[0], syntaxMessage(error, text), syntaxHint(error, text));
    return null;
  }
  if (text.startsWith('%') || document.directives.yaml.explicit === true) {
    list.report(0, 'YAML directives are not supported', 'remove the lines that start with "%"');
    return null;
  }
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) {
    list.report(0, 'the file is empty', 'start with "version: 1"');
    return null;
  }
  if (!isMap(contents) && !isSeq(contents) && !isScalar(contents) && !isAlias(contents)) return null;
  return buildTree(contents, variables, list);
}

function parse(text: string): Document.Parsed | null {
  try {
    return parseDocument(text, yamlOptions);
  } catch {
    // The parser is recursive. The only error that it throws is a stack overflow.
    return null;
  }
}

/** A comment at the start of a line needs no preceding space (YAML 1.2.2 section 6.2), not even after a value in brackets. */
function isFalseAlarm({ code, message, pos: [at] }: YAMLError, text: string): boolean {
  return code === 'MISSING_CHAR' && message.startsWith('Comments must') && text[at - 1] === '\n';
}

function isUnclosedQuote(error: YAMLError): boolean {
  return error.code === 'MISSING_CHAR' && /^Missing closing .?quote/.test(error.message);
}

/** The parser reports the end of the text; the author needs the place of the opening quote. */
function openingQuote(document: Document.Parsed, end: number): number | null {
  let opened: number | null = null;
  visit(document, {
    Scalar(_, { type, range }) {
      const quoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
      if (!quoted || !range || range[0] >= end || range[1] < end) return undefined;
      opened = range[0];
      return visit.BREAK;
    },
  });
  return opened;
}

/** A pattern such as `/orders/{id}` in brackets, where a brace ends an unquoted value (YAML 1.2.2 section 7.3.3). */
function isBraceInValue({ code, message, pos: [at] }: YAMLError, text: string): boolean {
  return (
    code === 'UNEXPECTED_TOKEN' && message.startsWith('Unexpected flow-map-start') && /\S/.test(text.charAt(at - 1))
  );
}

/** Our own words, because messages of the library quote the file, which can contain a secret there. */
function syntaxMessage(error: YAMLError, text: string): string {
  if (isBraceInValue(error, text)) return 'YAML syntax: "{" begins a mapping inside of { } and [ ]';
  if (isUnclosedQuote(error)) return 'YAML syntax: this quote is never closed';
  const [, bracket] = /end with a ([\]}])/.exec(error.message) ?? [];
  if (bracket !== undefined) return `YAML syntax: "${bracket}" is missing before this place`;
  return syntaxMessages[error.code] ?? 'YAML syntax: this cannot be read';
}

const syntaxMessages: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  MULTIPLE_DOCS: 'the file contains more than one YAML document',
  TAB_AS_INDENT: 'a tab is used as indentation',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  ALIAS_PROPS: 'YAML syntax: an alias has no anchor or tag of its own',
  BAD_ALIAS: 'YAML syntax: this is not the name of an anchor',
  BAD_COLLECTION_TYPE: 'YAML syntax: this tag does not fit the value',
  BAD_DIRECTIVE: 'YAML syntax: this directive cannot be read',
  BAD_DQ_ESCAPE: 'YAML syntax: there is no such escape between double quotes',
  BAD_INDENT: 'YAML syntax: this line is not indented like those that it belongs to',
  BAD_PROP_ORDER: 'YAML syntax: an anchor or a tag is in the wrong place',
  BAD_SCALAR_START: 'YAML syntax: a value without quotes does not begin with this sign',
  BLOCK_AS_IMPLICIT_KEY: 'YAML syntax: this value contains ": ", or the lines below it are indented too deep',
  BLOCK_IN_FLOW: 'YAML syntax: a mapping or a list between brackets has brackets too',
  KEY_OVER_1024_CHARS: 'YAML syntax: this key is too long',
  MISSING_CHAR: 'YAML syntax: a sign is missing here, such as ":" after a key or "," between two entries',
  MULTILINE_IMPLICIT_KEY: 'YAML syntax: a key and its ":" are in one line',
  MULTIPLE_ANCHORS: 'YAML syntax: a value has one anchor at most',
  MULTIPLE_TAGS: 'YAML syntax: a value has one tag at most',
  NON_STRING_KEY: 'YAML syntax: a key must be plain text',
  TAG_RESOLVE_FAILED: 'this YAML tag is not supported',
  UNEXPECTED_TOKEN: 'YAML syntax: this is not expected here',
};

function syntaxHint(error: YAMLError, text: string): string | null {
  if (isBraceInValue(error, text)) return 'put the value in quotes, such as { path: "/orders/{id}" }';
  switch (error.code) {
    case 'MULTIPLE_DOCS':
      return 'remove "---" and what follows it';
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'BAD_SCALAR_START':
      return 'put the value in quotes, or mend the indentation';
    default:
      return null;
  }
}
