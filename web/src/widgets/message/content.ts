// Contents as the API gives them, sorted into what the page can show. They come from outside:
// nothing is taken for granted.

import { isCut } from 'api/story';
import type { Json, JsonObject } from 'api/types';

export type Part =
  // `bytes` of one that is cut: how long it is as a whole.
  | { type: 'text' | 'reasoning'; text: string; bytes?: number }
  | { type: 'tool_call'; id: string; name: string; value: Json }
  | { type: 'tool_result'; id: string; name: string; value: Json }
  | {
      type: 'media';
      modality: string;
      mime: string;
      bytes: number | null;
      data: string; // As it was sent, base64; '' when it is elsewhere or cut.
      where: string;
    }
  | { type: 'other'; name: string; value: Json };

export type Piece =
  | { type: 'message'; role: string; parts: Part[]; rest: JsonObject | null }
  | { type: 'missing'; hash: string }
  | { type: 'value'; value: Json };

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function word(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function readPiece(piece: Json): Piece {
  if (!isObject(piece)) return { type: 'value', value: piece };
  if (typeof piece['missing_payload'] === 'string' && Object.keys(piece).length === 1) {
    return { type: 'missing', hash: piece['missing_payload'] };
  }
  const { role, parts, ...rest } = piece;
  if (typeof role !== 'string' || !Array.isArray(parts)) return { type: 'value', value: piece };
  return {
    type: 'message',
    role,
    parts: parts.map(readPart),
    rest: Object.keys(rest).length > 0 ? rest : null,
  };
}

export function readPart(part: Json): Part {
  if (typeof part === 'string') return { type: 'text', text: part };
  if (!isObject(part)) return { type: 'other', name: '', value: part };
  const type = word(part['type']);
  const content = part['content'];
  switch (type) {
    case 'text':
    case 'reasoning':
      if (typeof content === 'string') return { type, text: content };
      if (isCut(content)) return { type, text: content.text, bytes: content.bytes };
      break;
    case 'tool_call':
      return {
        type,
        id: word(part['id']),
        name: word(part['name']),
        value: part['arguments'] ?? null,
      };
    case 'tool_result':
      return {
        type,
        id: word(part['id']),
        name: word(part['name']),
        value: part['result'] ?? null,
      };
    case 'media': {
      const data = part['data'];
      const written = isCut(data) ? data.bytes : typeof data === 'string' ? data.length : null;
      return {
        type,
        modality: word(part['modality']) || 'media',
        mime: word(part['mime']),
        // Base64 has four characters for three bytes.
        bytes: written === null ? null : Math.floor((written * 3) / 4),
        data: typeof data === 'string' ? data : '',
        where: word(part['uri']) || word(part['file_id']),
      };
    }
  }
  return { type: 'other', name: type, value: part };
}

// A text that is JSON is shown as such; anything else as it came.
export function asJson(value: Json): Json {
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

// The definitions of tools: one list, or several.
export function readTools(pieces: readonly Json[]): Json[] {
  return pieces.flatMap((piece) => (Array.isArray(piece) ? piece : [piece]));
}

export function toolName(tool: Json): string {
  if (!isObject(tool)) return 'tool';
  const inner = tool['function'];
  return (
    word(tool['name']) ||
    (isObject(inner) ? word(inner['name']) : '') ||
    word(tool['type']) ||
    'tool'
  );
}
