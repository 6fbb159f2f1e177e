#!/usr/bin/env node
/** The command of the installed package: the built program, on the Node that came with it. */
'use strict';

const { join } = require('node:path');
const { run } = require('./node.cjs');

run([join(__dirname, '../dist/main.js'), ...process.argv.slice(2)]);
