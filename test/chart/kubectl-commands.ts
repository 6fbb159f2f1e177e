/** Commands for `kubectl` in notes and pages: whether kubectl accepts each, and which objects they concern. */
import { spawnSync } from 'node:child_process';

/** Words of one command as a shell parses them, without substituted text. Quotes keep a word together. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}

/** Calls of a program in a text, including those in substitutions, each without its substitutions and piped input. */
export function callsOf(program: string, text: string): string[] {
  const inner: string[] = [];
  let outer = text.replaceAll(/\\\n\s*/g, '');
  const substitution = /\$\(([^()]*)\)/;
  for (let found = substitution.exec(outer); found !== null; found = substitution.exec(outer)) {
    inner.push(found[1]!);
    outer = outer.replace(substitution, 'x');
  }
  return [...inner, ...outer.split('\n')]
    .flatMap((line) => line.split(/ (?:\||&&|&)(?: |$)/))
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${program} `));
}

/** kubectl's message about an unknown command; '' if it accepts it. Flags are parsed before the help is shown. */
export function kubectlProblem(kubectl: string, command: string): string {
  const own = wordsOf(command).slice(1);
  const end = own.indexOf('--');
  const words = end === -1 ? own : own.slice(0, end);
  const { status, stdout, stderr } = spawnSync(kubectl, [...words, '--help'], { encoding: 'utf8' });
  // An unknown command in a group prints the help of the group.
  return status === 0 && !/^Available Commands:$/m.test(stdout) ? '' : `${command}: ${stderr || 'no such command'}`;
}

/** Objects in a command: `deployment/edge` is `Deployment edge`. */
export function objectsNamedIn(command: string): string[] {
  const kinds: Readonly<Record<string, string>> = {
    deployment: 'Deployment',
    daemonset: 'DaemonSet',
    service: 'Service',
    secret: 'Secret',
    configmap: 'ConfigMap',
  };
  const words = wordsOf(command);
  return words.flatMap((word, at) => {
    const [, kind, name] = /^(\w+)\/([\w-]+)$/.exec(word) ?? [];
    if (kind !== undefined && kind in kinds) return [`${kinds[kind]} ${name}`];
    const next = words[at + 1];
    return words[at - 1] === 'get' && word in kinds && next !== undefined ? [`${kinds[word]} ${next}`] : [];
  });
}
