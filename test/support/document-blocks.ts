/** The pages of the project and their fenced blocks. */
import { readFileSync } from 'node:fs';
import { projectFiles } from '../architecture/project-files.ts';
import { blocksOf, type FencedBlock } from './markdown-page.ts';

export interface Page {
  readonly path: string;
  readonly text: string;
}

export interface PlacedBlock {
  readonly path: string;
  readonly block: FencedBlock;
}

export function documentPages(): readonly Page[] {
  return projectFiles()
    .filter((path) => /^(README|CONTRIBUTING|SECURITY|CHANGELOG)\.md$|^docs\/.+\.md$/.test(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

export function documentBlocks(): readonly PlacedBlock[] {
  return documentPages().flatMap(({ path, text }) => blocksOf(text).map((block) => ({ path, block })));
}

/** Paths of the pages with a block in this language. */
export function pagesWith(language: string): readonly string[] {
  return [...new Set(documentBlocks().flatMap(({ path, block }) => (block.language === language ? [path] : [])))];
}
