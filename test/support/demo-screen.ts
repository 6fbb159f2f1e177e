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
  const assigned = [...screen.matchAll(/^ {2}(?:export )?([A-Z_]+)=(\S+)$/gm)];
  const variables = Object.fromEntries(assigned.map(([, name, value]) => [name!, value!]));
  return {
    variables,
    trials: trialsOf(screen),
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

/** A comment has a status and a text for each of the curl lines below it. */
function trialsOf(screen: string): readonly DemoTrial[] {
  return [...screen.matchAll(/^ {2}# (.+)\n((?: {2,4}(?![#A-Z]).+\n)+)/gm)].flatMap(([, comment, block]) => {
    const texts = [...comment!.matchAll(/(\d{3}):? (.+?)(?=, \d{3}|$)/g)];
    const lines = [...block!.matchAll(/^ {2}curl (?:.+\\\n)*.+$/gm)];
    if (texts.length !== lines.length) throw new Error(`"${comment}" stands above ${lines.length} lines`);
    return lines.map(([printed], at) => ({ status: Number(texts[at]![1]), shows: texts[at]![2]!, printed }));
  });
}

/** The printed line that uses the code with this id; without one, of any session. */
export function useOfCode(codeId = '[0-9a-f-]{36}'): RegExp {
  return new RegExp(`^( {2}curl .*/session/verification (?:.*\\\\\\n)*.*"${codeId}".*)$`, 'm');
}
