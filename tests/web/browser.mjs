// A browser and a server for a test, with an eye on what must never happen: errors, refused scripts,
// requests to others.
//
//   webTest('...', async ({ t, pitot, open }) => {
//     const page = await open('/traces', { colorScheme: 'dark' });
//   }, { env: { PITOT_AUTH_MODE: 'keys' } });  // As startPitot's, or a function of `t` that makes it.
//
// Whatever went wrong on any page fails the test.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startPitot } from '../e2e/pitot.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHOTS = join(ROOT, 'build/test-results/web');
const DEADLINE_MS = 20_000;
const SHOWN_CHARS = 1_500;

function findChromium() {
  try {
    return execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('chromium is missing: run tools/install browser');
  }
}

export function launchBrowser() {
  return chromium.launch({
    executablePath: findChromium(),
    // Chromium's sandbox does not work for root and not in most containers.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

export function webTest(name, body, server = {}) {
  test(name, async (t) => {
    const pitot = await startPitot(t, typeof server === 'function' ? await server(t) : server);
    const browser = await launchBrowser();
    const faults = [];
    const open = (path, how) => openPage(browser, pitot.httpUrl, faults, path, how);
    try {
      await body({ t, pitot, open });
    } catch (error) {
      for (const context of browser.contexts()) {
        for (const page of context.pages()) t.diagnostic(await whatItShows(page));
      }
      throw error;
    } finally {
      // Before the server stops, which pages would notice.
      await browser.close();
    }
    assert.deepEqual(faults, [], 'the browser complained');
  });
}

// For whoever reads why a test failed.
async function whatItShows(page) {
  const text = await page.evaluate(() => document.body.innerText).catch(String);
  return `${page.url()} showed:\n${text.slice(0, SHOWN_CHARS)}`;
}

// Opens `path`. `expected`: console messages that belong to the test.
async function openPage(browser, baseURL, faults, path, how = {}) {
  const { width = 1280, height = 800, colorScheme = 'light', timezoneId, expected = [] } = how;
  const context = await browser.newContext({
    baseURL,
    viewport: { width, height },
    colorScheme,
    ...(timezoneId && { timezoneId }),
  });
  context.setDefaultTimeout(DEADLINE_MS);
  await context.addInitScript(() => {
    window.__refused = [];
    document.addEventListener('securitypolicyviolation', (event) => {
      window.__refused.push(`${event.violatedDirective}: ${event.blockedURI}`);
    });
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`${path}: ${error.stack}`));
  page.on('dialog', (dialog) => faults.push(`${path}: a dialog: ${dialog.message()}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    // A server that is too busy says so, and the page asks again by itself: shown, but no fault.
    if (/status of 503/.test(text)) return console.log(`${text} (${message.location().url})`);
    if (!expected.some((pattern) => pattern.test(text))) {
      faults.push(`${path}: ${text} (${message.location().url})`);
    }
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(baseURL)) faults.push(`${path}: asked ${request.url()}`);
  });
  await page.goto(path);
  return page;
}

// What the policy refused on this page: nothing, since no page tries.
export async function refusals(page) {
  return page.evaluate(() => window.__refused);
}

// A picture for people, beside the other results.
export async function shoot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
