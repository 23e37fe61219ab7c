// A browser for a test, with an eye on what must never happen: errors, refused scripts, foreign code.
//
//   const web = await openBrowser(t, pitot.httpUrl);
//   const page = await web.open('/traces', { colorScheme: 'dark' });
//   ... after the test, whatever went wrong on any page fails it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHOTS = join(ROOT, 'build/test-results/web');
const DEADLINE_MS = 20_000;

function findChromium() {
  try {
    return execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('chromium is missing: run tools/install browser');
  }
}

export async function openBrowser(t, baseUrl) {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    // Chromium's sandbox does not work for root and not in most containers.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const faults = [];
  t.after(async () => {
    await browser.close();
    assert.deepEqual(faults, [], 'the browser complained');
  });
  return {
    // Opens `path`. `expected`: console messages that belong to the test.
    async open(path, { width = 1280, height = 800, colorScheme = 'light', expected = [] } = {}) {
      const context = await browser.newContext({
        baseURL: baseUrl,
        viewport: { width, height },
        colorScheme,
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
        if (!expected.some((pattern) => pattern.test(text))) faults.push(`${path}: ${text}`);
      });
      page.on('request', (request) => {
        if (!request.url().startsWith(baseUrl)) faults.push(`${path}: asked ${request.url()}`);
      });
      await page.goto(path);
      return page;
    },
  };
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
