// What the sample agent is asked to do: six features, each with a model, a prompt, tools and a few
// requests. `plan` lists the tool calls of a run; `delegate` hands a question to the sub-agent.

const tool = (name, description, parameters) => ({
  type: 'function',
  name,
  description,
  parameters: {
    type: 'object',
    properties: Object.fromEntries(parameters.map((key) => [key, { type: 'string' }])),
    required: parameters,
  },
});

const system = (role, rules) =>
  `You are ${role}. Work step by step: say in one sentence what you are about to do, call the tools you need, ` +
  `and answer only from what they returned. ${rules} Never invent identifiers, prices or dates; when a tool fails ` +
  `twice, say so and stop. Answer in the language of the question, in at most six sentences.`;

export const USERS = ['ada', 'boris', 'chen', 'dalia', 'emeka', 'freja', 'goran', 'hana'];

export const RESEARCHER = {
  agent: 'researcher',
  model: 'gemini-2.5-flash',
  prompt: 'researcher',
  system: system(
    'a researcher who reads sources and reports facts',
    'Name the source of every fact.',
  ),
  tools: [tool('web_search', 'Searches the web and returns the best passages', ['query'])],
  passages: [
    'Quarterly report, page 4: revenue grew 18 % year over year to 412 million; headcount was flat at 2,310.',
    'Press release: the company opened a second data centre in Tallinn and names sustainability as the reason.',
    'Interview with the CTO: "We moved two thirds of our batch jobs off the old cluster; the rest follows in spring."',
  ],
};

export const SCENARIOS = [
  {
    feature: 'support-refunds',
    workflow: 'customer-support',
    model: 'claude-sonnet-5',
    prompt: 'support-planner',
    system: system(
      'a support agent of an online shop',
      'A refund above 200 EUR needs a person: say so instead.',
    ),
    tools: [
      tool('find_order', 'Finds an order by its number', ['order_id']),
      tool('issue_refund', 'Refunds an order', ['order_id', 'reason']),
    ],
    requests: [
      'My order 48213 arrived with a broken lid. Can I have my money back?',
      'Order 51990 never came. The tracking page has said "in transit" for two weeks.',
      'I was charged twice for order 47002, please check.',
    ],
    plan: [
      {
        tool: 'find_order',
        arguments: { order_id: '48213' },
        result: {
          order_id: '48213',
          status: 'delivered',
          total_eur: 39.9,
          carrier: 'DHL',
          items: ['glass jar, 2 l', 'bamboo lid'],
        },
      },
      {
        tool: 'issue_refund',
        arguments: { order_id: '48213', reason: 'damaged on arrival' },
        result: { refund_id: 'rf_7731', amount_eur: 39.9, arrives: 'in 3 to 5 working days' },
      },
    ],
    answer:
      'I have refunded 39.90 EUR for the damaged jar; it will be on your account in 3 to 5 working days. You may keep the item.',
  },
  {
    feature: 'travel-booking',
    workflow: 'trip-planner',
    model: 'gpt-5-mini',
    prompt: 'travel-planner',
    system: system(
      'a travel agent',
      'Prefer trains below five hours. State the total price with fees.',
    ),
    tools: [
      tool('search_connections', 'Finds trains and flights between two cities', [
        'from',
        'to',
        'date',
      ]),
      tool('hold_seat', 'Holds a seat for 20 minutes', ['connection_id']),
    ],
    requests: [
      'I must be in Vienna on Thursday by noon, coming from Prague.',
      'Find me the cheapest way from Lyon to Turin next Monday.',
      'Same trip, but a day later, and with a window seat.',
    ],
    plan: [
      {
        tool: 'search_connections',
        arguments: { from: 'Prague', to: 'Vienna', date: '2026-05-14' },
        result: {
          connections: [
            { id: 'RJ73', departs: '06:45', arrives: '10:49', price_eur: 34.5 },
            { id: 'RJ75', departs: '08:45', arrives: '12:49', price_eur: 27.9 },
            { id: 'OS708', departs: '07:20', arrives: '08:15', price_eur: 119.0 },
          ],
        },
      },
      {
        tool: 'hold_seat',
        arguments: { connection_id: 'RJ73' },
        result: {
          hold: 'H-22817',
          seat: 'coach 24, seat 61, window',
          until: '20 minutes from now',
        },
      },
    ],
    answer:
      'The RJ73 at 06:45 reaches Vienna at 10:49 for 34.50 EUR. I hold coach 24, seat 61 by the window for 20 minutes.',
  },
  {
    feature: 'code-review',
    workflow: 'pull-requests',
    model: 'claude-sonnet-5',
    prompt: 'review-planner',
    system: system(
      'a careful reviewer of pull requests',
      'Look for errors first, style last. Quote the line you mean.',
    ),
    tools: [
      tool('read_file', 'Reads a file of the pull request', ['path']),
      tool('run_tests', 'Runs the tests of a package', ['package']),
    ],
    requests: [
      'Please review the change to the retry logic.',
      'Why does the build of the billing package fail?',
      'Is the new cache safe to use from two threads?',
    ],
    plan: [
      {
        tool: 'read_file',
        arguments: { path: 'billing/retry.py' },
        result: {
          text:
            'def call_with_retry(call, attempts=3):\n    for attempt in range(attempts):\n        try:\n' +
            '            return call()\n        except TransientError:\n            time.sleep(2 ** attempt)\n    return None\n',
        },
      },
      {
        tool: 'run_tests',
        arguments: { package: 'billing' },
        result: {
          passed: 41,
          failed: 1,
          first_failure: 'test_retry_gives_up: expected TransientError, got None',
        },
      },
    ],
    answer:
      'After the last attempt the function returns None and swallows the error; one test fails for that reason. Raise it again after the loop.',
  },
  {
    feature: 'sales-research',
    workflow: 'account-briefing',
    model: 'gemini-2.5-flash',
    prompt: 'sales-planner',
    system: system('an assistant of a sales team', 'Mark what is older than a year.'),
    tools: [
      tool('search_crm', 'Searches customers and deals', ['query']),
      tool('delegate_research', 'Asks the researcher a question', ['question']),
    ],
    requests: [
      'Prepare me for the call with Nordwind Logistics tomorrow.',
      'What has changed at Ostrava Steel since our last offer?',
    ],
    plan: [
      {
        tool: 'search_crm',
        arguments: { query: 'Nordwind Logistics' },
        result: {
          account: 'Nordwind Logistics',
          stage: 'negotiation',
          deal_eur: 84000,
          last_contact: '12 days ago',
        },
      },
      {
        tool: 'delegate_research',
        arguments: { question: 'What is new at Nordwind Logistics this quarter?' },
        delegate: true,
      },
    ],
    answer:
      'The deal of 84,000 EUR is in negotiation. Revenue grew 18 % and a second data centre was opened: ask about capacity there first.',
  },
  {
    feature: 'data-report',
    workflow: 'weekly-numbers',
    model: 'gpt-5-mini',
    prompt: 'report-planner',
    system: system(
      'an analyst who writes short reports from a warehouse',
      'Give every figure with its period and unit.',
    ),
    tools: [
      tool('run_sql', 'Runs a read-only query', ['sql']),
      tool('draw_chart', 'Draws a chart of the last result', ['kind', 'title']),
    ],
    requests: [
      'How did sign-ups develop over the last four weeks?',
      'Which country grew fastest last month?',
      'And the same for paying customers only.',
    ],
    plan: [
      {
        tool: 'run_sql',
        arguments: {
          sql: 'SELECT week, count(*) FROM signups GROUP BY week ORDER BY week DESC LIMIT 4',
        },
        result: {
          columns: ['week', 'signups'],
          rows: [
            ['18', 1204],
            ['17', 1131],
            ['16', 1178],
            ['15', 990],
          ],
        },
      },
      {
        tool: 'draw_chart',
        arguments: { kind: 'line', title: 'Sign-ups per week' },
        result: { chart: 'chart-5512.svg', width: 640, height: 320 },
      },
    ],
    answer:
      'Sign-ups rose from 990 in week 15 to 1,204 in week 18, with a dip of 4 % in week 17. The chart is attached.',
  },
  {
    feature: 'contract-check',
    workflow: 'legal-intake',
    model: 'claude-sonnet-5',
    prompt: 'contract-planner',
    system: system(
      'a paralegal who checks contracts against a checklist',
      'Quote the clause and its number.',
    ),
    tools: [
      tool('fetch_document', 'Reads a document by its id', ['document_id']),
      tool('delegate_research', 'Asks the researcher a question', ['question']),
    ],
    requests: [
      'Does the draft of Baltic Freight limit our liability?',
      'Which notice period does the lease have, and is that usual?',
    ],
    plan: [
      {
        tool: 'fetch_document',
        arguments: { document_id: 'doc-9034' },
        result: {
          title: 'Master services agreement, draft 3',
          clauses: [
            '9.1 Each party is liable for damage it causes by intent or gross negligence.',
            '9.2 In all other cases liability is limited to the fees of the last twelve months.',
            '14.2 The agreement may be ended with three months of notice to the end of a quarter.',
          ],
        },
      },
      {
        tool: 'delegate_research',
        arguments: { question: 'Are twelve months of fees a usual cap for freight services?' },
        delegate: true,
      },
    ],
    answer:
      'Yes: clause 9.2 caps liability at the fees of the last twelve months, except for intent and gross negligence (9.1). That is usual.',
  },
];
