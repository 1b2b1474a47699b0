// One SDK, named on the command line, against each model named after it; prints one line of JSON for each answer.
import Anthropic from "@anthropic-ai/sdk";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { GoogleGenAI } from "@google/genai";
import { generateText, jsonSchema, streamText, tool } from "ai";
import OpenAI from "openai";

const [sdk, url, key, ...models] = process.argv.slice(2);
const PROMPT = "How do I get to Lyon?";
const WEATHER = "What is the weather in Lyon?";
const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

function chat() {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const ask = (model, content, more) =>
    client.chat.completions.create({ model, messages: [{ role: "user", content }], ...more });
  return {
    async plain(model) {
      const answer = await ask(model, PROMPT);
      return [answer.choices[0].message.content, answer.usage.prompt_tokens, answer.usage.completion_tokens];
    },
    async stream(model) {
      let [text, usage] = ["", null];
      for await (const chunk of await ask(model, PROMPT, { stream: true, stream_options: { include_usage: true } })) {
        text += chunk.choices[0]?.delta?.content ?? "";
        usage = chunk.usage ?? usage;
      }
      return [text, usage.prompt_tokens, usage.completion_tokens];
    },
    async call(model) {
      const tools = [{ type: "function", function: { name: "get_weather", parameters: PARAMETERS } }];
      const { function: made } = (await ask(model, WEATHER, { tools })).choices[0].message.tool_calls[0];
      return [made.name, JSON.parse(made.arguments)];
    },
  };
}

function responses() {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
  const ask = (model, input, more) => client.responses.create({ model, input, store: false, ...more });
  return {
    async plain(model) {
      const answer = await ask(model, PROMPT);
      return [answer.output_text, answer.usage.input_tokens, answer.usage.output_tokens];
    },
    async stream(model) {
      let [text, usage] = ["", null];
      for await (const event of await ask(model, PROMPT, { stream: true })) {
        if (event.type === "response.output_text.delta") text += event.delta;
        if (event.type === "response.completed") usage = event.response.usage;
      }
      return [text, usage.input_tokens, usage.output_tokens];
    },
    async call(model) {
      const tools = [{ type: "function", name: "get_weather", parameters: PARAMETERS, strict: false }];
      const made = (await ask(model, WEATHER, { tools })).output.find((item) => item.type === "function_call");
      return [made.name, JSON.parse(made.arguments)];
    },
  };
}

function anthropic() {
  const client = new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0 });
  const asked = (model, content, more) => ({ model, max_tokens: 2000, messages: [{ role: "user", content }], ...more });
  const read = (answer) => [answer.content[0].text, answer.usage.input_tokens, answer.usage.output_tokens];
  return {
    plain: async (model) => read(await client.messages.create(asked(model, PROMPT))),
    stream: async (model) => read(await client.messages.stream(asked(model, PROMPT)).finalMessage()),
    async call(model) {
      const tools = [{ name: "get_weather", input_schema: PARAMETERS }];
      const answer = await client.messages.create(asked(model, WEATHER, { tools }));
      const made = answer.content.find((block) => block.type === "tool_use");
      return [made.name, made.input];
    },
  };
}

function google() {
  const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
  const count = (usage) => [usage.promptTokenCount, usage.candidatesTokenCount];
  return {
    async plain(model) {
      const answer = await client.models.generateContent({ model, contents: PROMPT });
      return [answer.text, ...count(answer.usageMetadata)];
    },
    async stream(model) {
      let [text, usage] = ["", null];
      for await (const chunk of await client.models.generateContentStream({ model, contents: PROMPT })) {
        text += chunk.text ?? "";
        usage = chunk.usageMetadata ?? usage;
      }
      return [text, ...count(usage)];
    },
    async call(model) {
      const tools = [{ functionDeclarations: [{ name: "get_weather", parametersJsonSchema: PARAMETERS }] }];
      const answer = await client.models.generateContent({ model, contents: WEATHER, config: { tools } });
      return [answer.functionCalls[0].name, answer.functionCalls[0].args];
    },
  };
}

function vercel(find) {
  const tools = { get_weather: tool({ inputSchema: jsonSchema(PARAMETERS) }) };
  const count = (usage) => [usage.inputTokens, usage.outputTokens];
  return {
    async plain(model) {
      const { text, usage } = await generateText({ model: find(model), prompt: PROMPT, maxRetries: 0 });
      return [text, ...count(usage)];
    },
    async stream(model) {
      const told = streamText({ model: find(model), prompt: PROMPT, maxRetries: 0 });
      return [await told.text, ...count(await told.usage)];
    },
    async call(model) {
      const told = await generateText({ model: find(model), prompt: WEATHER, tools, maxRetries: 0 });
      return [told.toolCalls[0].toolName, told.toolCalls[0].input];
    },
  };
}

const settings = { baseURL: `${url}/v1`, apiKey: key };
const SDKS = {
  chat,
  responses,
  anthropic,
  google,
  "vercel-compatible": () => vercel(createOpenAICompatible({ name: "pointsman", includeUsage: true, ...settings })),
  "vercel-openai": () => vercel(createOpenAI(settings)),
};

const client = SDKS[sdk]();
for (const model of models) {
  for (const way of ["plain", "stream", "call"]) {
    console.log(JSON.stringify({ model, way, told: await client[way](model) }));
  }
}
try {
  await client.plain("nothing");
} catch (error) {
  console.log(JSON.stringify({ model: "nothing", way: "error", told: error.status ?? error.statusCode }));
}
