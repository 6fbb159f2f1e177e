/** Generates docs/reference/cli.md from the commands of the command line. */
import type { Argument, Command, Option } from 'commander';
import { exitMeanings } from '../src/cli/exit-code.ts';
import { createProgram } from '../src/cli/run.ts';
import { asGenerated } from './generated-page.ts';

const opening = `# Commands

Every command with its options; \`rolegate <command> --help\` prints the same.

\`rolegate\` is the command of the installed package. In a clone of the repository it is \`npm run -s rolegate --\`. If both an
option and its variable are set, the option wins.

## Exit codes

| code | meaning |
|---|---|
${Object.entries(exitMeanings)
  .map(([code, meaning]) => `| ${code} | ${meaning} |`)
  .join('\n')}

Results go to standard output; problems, warnings and usage errors go to standard error. Colors are
disabled if the output is not a terminal, or by \`NO_COLOR\`. \`serve\`, \`demo\` and \`auth-api\` run until SIGTERM or SIGINT,
finish requests in flight, and exit with 0; a second signal ends them at once, with 1.
`;

/** The whole page. */
export function cliPage(): string {
  const program = createProgram(() => undefined);
  const page = [opening, ...shownCommands(program).flatMap((command) => sections(command, ['rolegate']))].join('\n');
  return asGenerated(page, 'the commands', 'cli-page.ts');
}

function sections(command: Command, parents: readonly string[]): string[] {
  const path = [...parents, command.name()];
  return [section(command, path), ...shownCommands(command).flatMap((inner) => sections(inner, path))];
}

function section(command: Command, path: readonly string[]): string {
  const { registeredArguments: args, options } = command;
  const line = [...path, ...args.map(argumentText), ...(options.length > 0 ? ['[options]'] : [])].join(' ');
  const rows = [...args.map(argumentRow), ...options.map(optionRow)];
  const table = rows.length === 0 ? '' : `\n| | | default | variable |\n|---|---|---|---|\n${rows.join('\n')}\n`;
  return `## ${path.slice(1).join(' ')}\n\n\`${line}\`\n\n${sentence(command.description())}\n${table}`;
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function argumentRow(argument: Argument): string {
  const missing = argument.required ? 'required' : '';
  return row([`\`${argumentText(argument)}\``, cell(argument.description), missing, '']);
}

function optionRow(option: Option): string {
  const choices = option.argChoices === undefined ? '' : `: ${option.argChoices.map((one) => `\`${one}\``).join(', ')}`;
  const variable = option.envVar === undefined ? '' : `\`${option.envVar}\``;
  return row([`\`${option.flags}\``, `${cell(option.description)}${choices}`, leftOut(option), variable]);
}

function leftOut({ mandatory, defaultValue }: Option): string {
  if (mandatory) return 'required';
  if (defaultValue === undefined || (Array.isArray(defaultValue) && defaultValue.length === 0)) return '';
  return `\`${String(defaultValue)}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text of a help screen in a table; keeps text in angle brackets or braces as written. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '\\<');
}

function sentence(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}.`;
}

/** Excludes commands that only the program itself calls. */
function shownCommands(command: Command): readonly Command[] {
  const shown = command.createHelp().visibleCommands(command);
  return command.commands.filter((inner) => shown.includes(inner));
}
