// `@google/genai` sees through the gateway what it sees directly.

import assert from 'node:assert/strict';
import {
  GEMINI,
  GEMINI_HEADERS as OK,
  geminiError,
  generated,
  generatedEvents,
} from './answers.mjs';
import { sameEitherWay } from './same.mjs';
import { HANG, RESET, cutAt, head, json, sse } from './upstream.mjs';
import { collect } from './ways.mjs';

const ASK = { model: GEMINI, contents: 'Where is order 48213? \u{1F426}' };
const SAID = generated([
  { text: 'The user asks for an order.', thought: true },
  { text: 'It left Hamburg on Monday \u2014 expect it tomorrow.' },
]);
const CALL = {
  functionCall: { name: 'find_order', args: { id: '48213' } },
  thoughtSignature: 'CpIB',
};
const PIECES = [
  { text: 'The user asks.', thought: true },
  { text: 'It left Hamburg on ' },
  { text: 'Monday \u2014 expect it tomorrow. \u{1F69A}' },
];
const STREAM = { 'Content-Type': 'text/event-stream', 'Content-Disposition': 'attachment' };
const streamed = (...pieces) => sse(generatedEvents(...pieces), { ...OK, ...STREAM });

async function streamSeen({ gemini }) {
  const chunks = await collect(await gemini.models.generateContentStream(ASK));
  return chunks.map((chunk) => ({
    ...chunk,
    words: chunk.candidates?.[0]?.content?.parts?.[0]?.text,
  }));
}

const fails = (status, state, details = []) => ({
  name: `error ${status} ${state} is the provider's own`,
  answer: json(status, geminiError(status, state, `about ${state}`, details), OK),
  run: ({ gemini }) => gemini.models.generateContent(ASK),
  check: ({ error }) => {
    assert.equal(error.class, 'ApiError');
    assert.equal(error.status, status);
    assert.match(error.message, new RegExp(state));
  },
});

sameEitherWay('@google/genai', [
  {
    name: 'a generated content with thoughts',
    answer: json(200, SAID, OK),
    run: async ({ gemini }) => {
      const answer = await gemini.models.generateContent({
        ...ASK,
        config: { systemInstruction: 'Be terse.', thinkingConfig: { includeThoughts: true } },
      });
      return { answer, text: answer.text };
    },
    check: ({ result }, [request]) => {
      assert.equal(request.target, `/v1beta/models/${GEMINI}:generateContent`);
      assert.equal(result.text, SAID.candidates[0].content.parts[1].text);
      assert.equal(result.answer.usageMetadata.thoughtsTokenCount, 8);
    },
  },
  {
    name: 'a stream, chunk by chunk',
    answer: streamed(...PIECES),
    run: streamSeen,
    check: ({ result }, [request]) => {
      assert.equal(request.target, `/v1beta/models/${GEMINI}:streamGenerateContent?alt=sse`);
      assert.deepEqual(
        result.map(({ words }) => words),
        PIECES.map(({ text }) => text),
      );
      assert.equal(result.at(-1).usageMetadata.candidatesTokenCount, 12);
    },
  },
  {
    name: 'a stream cut inside events and characters',
    answer: () => {
      const body = Buffer.from(generatedEvents(...PIECES).join(''));
      const positions = [1, 200, 201, body.indexOf('\u2014') + 1, body.length - 3];
      const start = head(200, { ...OK, ...STREAM, 'Content-Length': body.length });
      return [start, ...cutAt(body, ...positions.sort((a, b) => a - b))];
    },
    run: streamSeen,
    check: ({ result }) => assert.equal(result.length, PIECES.length),
  },
  {
    name: 'a chat with a function call and its result',
    answer: (request, n) => (n === 0 ? streamed(CALL) : streamed(...PIECES)),
    run: async ({ gemini }) => {
      const declaration = {
        name: 'find_order',
        parametersJsonSchema: { type: 'object', properties: { id: { type: 'string' } } },
      };
      const config = { tools: [{ functionDeclarations: [declaration] }] };
      const chat = gemini.chats.create({ model: GEMINI, config });
      const [first] = await collect(await chat.sendMessageStream({ message: ASK.contents }));
      const functionResponse = { name: 'find_order', response: { result: 'left Hamburg' } };
      const second = await collect(await chat.sendMessageStream({ message: { functionResponse } }));
      return { calls: first.functionCalls, second, history: chat.getHistory() };
    },
    asked: 2,
    check: ({ result }) => {
      assert.deepEqual(result.calls, [CALL.functionCall]);
      assert.equal(result.history.at(-1).role, 'model');
    },
  },
  {
    name: 'a blocked prompt',
    answer: json(
      200,
      {
        promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
        usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
        modelVersion: GEMINI,
      },
      OK,
    ),
    run: ({ gemini }) => gemini.models.generateContent(ASK),
    check: ({ result }) => assert.equal(result.promptFeedback.blockReason, 'PROHIBITED_CONTENT'),
  },
  {
    name: 'embeddings, counting tokens, models: other paths',
    answer: (request) => {
      if (request.target.includes('mbedContents')) {
        return json(200, { embeddings: [{ values: [0.25, -0.5] }] }, OK);
      }
      if (request.target.includes('countTokens')) return json(200, { totalTokens: 31 }, OK);
      return json(200, { models: [{ name: `models/${GEMINI}`, displayName: 'Flash' }] }, OK);
    },
    run: async ({ gemini }) => [
      await gemini.models.embedContent({ model: 'gemini-embedding-001', contents: ['a'] }),
      await gemini.models.countTokens(ASK),
      await collect(await gemini.models.list()),
    ],
    asked: 3,
    check: ({ result }) => {
      assert.deepEqual(result[0].embeddings[0].values, [0.25, -0.5]);
      assert.equal(result[1].totalTokens, 31);
    },
  },
  fails(400, 'INVALID_ARGUMENT', [{ '@type': 'type.googleapis.com/google.rpc.BadRequest' }]),
  fails(403, 'PERMISSION_DENIED'),
  fails(404, 'NOT_FOUND'),
  fails(429, 'RESOURCE_EXHAUSTED', [
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '37s' },
  ]),
  fails(500, 'INTERNAL'),
  fails(503, 'UNAVAILABLE'),
  {
    name: 'retries of the client: 503, then the answer',
    answer: (request, n) =>
      n === 0 ? json(503, geminiError(503, 'UNAVAILABLE', 'overloaded'), OK) : json(200, SAID, OK),
    options: { retries: 2 },
    run: ({ gemini }) => gemini.models.generateContent(ASK),
    asked: 2,
    check: ({ result }) => assert.equal(result.responseId, SAID.responseId),
  },
  {
    name: 'a connection that is reset in the middle of a stream',
    answer: [...streamed(...PIECES).slice(0, 2), RESET],
    run: streamSeen,
    check: ({ error }) => assert.match(error.message, /terminated|other side closed|aborted/),
    alike: ({ error, ...seen }) => ({ ...seen, failed: error.class }),
  },
  {
    name: 'an abort in the middle of a stream',
    answer: [...streamed(...PIECES).slice(0, 3), HANG],
    run: async ({ gemini }, request) => {
      const controller = new AbortController();
      const config = { abortSignal: controller.signal };
      const stream = await gemini.models.generateContentStream({ ...ASK, config });
      const read = (async () => {
        for await (const chunk of stream) if (chunk.text) controller.abort();
      })();
      const failed = await read.then(
        () => 'nothing',
        (error) => error.name,
      );
      await (
        await request()
      ).gone;
      return { failed };
    },
    check: ({ result }) => assert.match(result.failed, /AbortError/),
  },
]);
