/**
 * Inserts environment variables into a scalar after YAML is parsed. So a value with quotes, colons or line breaks stays one scalar.
 * Supports `${NAME}`, `${NAME:-default}` (also if the variable is empty), and `$${` for a literal `${`. A text from untrusted
 * authors may only use the variables in its allow list.
 */

export type Substitution =
  | { readonly ok: true; readonly text: string; readonly used: readonly UsedVariable[] }
  | { readonly ok: false; readonly message: string; readonly hint: string };

export interface Variables {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that the text may use; if unset, all. */
  readonly allowed?: ReadonlySet<string>;
}

export interface UsedVariable {
  readonly name: string;
  readonly value: string;
}

const reference = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^{}]*))?\}/;

/** Names of secrets of any form. A webhook's secret has a form of its own. */
const secret = /(?<!WEBHOOK_)(?:SECRET|ADMIN_TOKEN)$/;

function hintFor(name: string): string {
  return secret.test(name)
    ? `set it; this makes a new one: export ${name}="$(openssl rand -hex 32)"`
    : `set it, or give a default: \${${name}:-value}`;
}

export function substituteEnv(text: string, { env, allowed }: Variables): Substitution {
  let out = '';
  let at = 0;
  const used: UsedVariable[] = [];
  for (let open = text.indexOf('${'); open >= 0; open = text.indexOf('${', at)) {
    if (open > at && text[open - 1] === '$') {
      out += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const end = text.indexOf('}', open);
    const match = end < 0 ? null : reference.exec(text.slice(open, end + 1));
    if (match === null) {
      return {
        ok: false,
        message: 'this is not a valid reference to an environment variable',
        hint: `write \${NAME} or \${NAME:-default}; a literal "\${" is written "$\${"`,
      };
    }
    const name = match[1]!;
    if (allowed?.has(name) === false) {
      // Does not reveal whether the variable is set, and does not use the default.
      return {
        ok: false,
        message: `only the main file may read the environment variable ${name}`,
        hint: `name it there: "includedVariables: [${name}]"`,
      };
    }
    const set = Object.hasOwn(env, name) ? env[name] : undefined;
    const fallback = match[2];
    const value = set === undefined || (set === '' && fallback !== undefined) ? fallback : set;
    if (value === undefined) {
      return {
        ok: false,
        message: `the environment variable ${name} is not set`,
        hint: hintFor(name),
      };
    }
    if (value === set) used.push({ name, value });
    out += text.slice(at, open) + value;
    at = end + 1;
  }
  return { ok: true, text: out + text.slice(at), used };
}
