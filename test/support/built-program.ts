/** For a project of tests that attack what is published, and not the sources: builds the program, and says where it is. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import type { TestProject } from 'vitest/node';

const place = 'node_modules/.cache/rolegate/attacked';

export default function setup(project: TestProject): void {
  mkdirSync(place, { recursive: true });
  execFileSync(process.execPath, ['scripts/build-program.ts', `${place}/dist`]);
  copyFileSync('package.json', `${place}/package.json`);
  project.provide('builtProgram', `${place}/dist/main.js`);
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Its entry; undefined in every other project. */
    builtProgram: string | undefined;
  }
}
