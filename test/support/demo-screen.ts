/** The contents of the demo's screen: credentials to paste once, and lines that use them. */

export interface DemoTrial {
  readonly status: number;
  readonly shows: string;
  /** As printed; `paste` converts it to what a shell runs, `expand` converts one line by substituting variables. */
  readonly printed: string;
}

export interface DemoScreen {
  readonly variables: Readonly<Record<string, string>>;
  readonly trials: readonly DemoTrial[];
  paste(printed: string): string;
  expand(printed: string): string;
}

export function readDemoScreen(output: string): DemoScreen {
  const [screen = ''] = output.split('Codes and requests appear below');
  const assigned = [...screen.matchAll(/^ {2}([A-Z_]+)=(?:'([^']*)'|(\S+))$/gm)];
  const variables = Object.fromEntries(assigned.map(([, name, quoted, plain]) => [name, quoted ?? plain ?? '']));
  const trials = [...screen.matchAll(/^ {2}# (\d{3}): (.+)\n( {2}curl (?:.+\\\n)*.+)$/gm)];
  return {
    variables,
    trials: trials.map(([, status, shows, printed]) => ({
      status: Number(status),
      shows: shows!,
      printed: printed!,
    })),
    paste: (printed) => [...assigned.map(([line]) => line), printed].join('\n'),
    expand: (printed) =>
      printed
        .replaceAll(/ \\\n +/g, ' ')
        .trim()
        .replaceAll(/\$([A-Z_]+)/g, (_, name: string) => {
          const value = variables[name];
          if (value === undefined) throw new Error(`the screen sets no ${name}`);
          return value;
        }),
  };
}

/** The printed line that uses the code with this id; without one, of any session. */
export function useOfCode(codeId = '[0-9a-f-]{36}'): RegExp {
  return new RegExp(`^( {2}curl .*/session/verification (?:.*\\\\\\n)*.*"${codeId}".*)$`, 'm');
}
