/**
 * For a project of tests that attack the published program instead of the sources: builds the program, and provides its
 * path.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import type { TestProject } from 'vitest/node';

export default function setup(project: TestProject): void {
  project.provide('builtProgram', buildProgram('attacked'));
}

/** Builds the program in a folder with that name, from which it finds its packages; returns its entry. */
export function buildProgram(name: string): string {
  const place = `node_modules/.cache/rolegate/${name}`;
  mkdirSync(place, { recursive: true });
  execFileSync(process.execPath, ['scripts/build-program.ts', `${place}/dist`]);
  copyFileSync('package.json', `${place}/package.json`);
  return `${place}/dist/main.js`;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Its entry; undefined in every other project. */
    builtProgram: string | undefined;
  }
}
