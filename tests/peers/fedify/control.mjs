// The interface through which a test steers the peer: plain http on loopback, JSON in and out.
// A second port, so that nothing of it is reachable where the peer's public face is.
import { Hono } from "hono";
import * as alice from "./alice.mjs";
import { log, logRecords } from "./log.mjs";

const WAIT_MS_MAX = 60_000;

const VERBS = {
  follow: alice.follow,
  unfollow: alice.unfollow,
  post: alice.post,
  delete: alice.remove,
  like: alice.like,
  boost: alice.boost,
  send: alice.send,
  serve: alice.serve,
  profile: alice.profile,
  vocabulary: alice.vocabulary,
  look: alice.look,
};

export function buildControl({ state, context }) {
  const app = new Hono();
  for (const [name, verb] of Object.entries(VERBS)) {
    app.post(`/${name}`, async (c) => {
      const answer = await verb(context(), state, await c.req.json());
      return c.json(answer, answer.error ? 422 : 200);
    });
  }
  // Answers as soon as more than `after` activities of `type` (any when absent) have come, or in time.
  app.get("/received", async (c) => {
    const type = c.req.query("type");
    const after = Number(c.req.query("after") ?? -1);
    const chosen = () => state.received.filter((one) => type == null || one.type === type);
    await state.until(() => chosen().length > after, waitMs(c));
    return c.json(chosen());
  });
  // Answers as soon as the Follow of `target` was accepted, where that is given.
  app.get("/state", async (c) => {
    const target = c.req.query("accepted");
    if (target != null) await state.until(() => state.following.get(target)?.accepted, waitMs(c));
    return c.json({
      followers: [...state.followers.keys()],
      following: [...state.following].map(([iri, { follow, accepted, rejected }]) => ({
        actor: iri, follow, accepted, rejected,
      })),
      notes: [...state.notes.values()].map((note) => note.id.href),
    });
  });
  app.get("/requests", (c) => c.json(state.requests));
  app.get("/log", (c) => c.json(logRecords()));
  app.onError((error, c) => {
    log.error("a control request failed: {error}", { error: error.stack ?? error });
    return c.json({ error: String(error) }, 500);
  });
  return app;
}

function waitMs(c) {
  return Math.min(Number(c.req.query("timeout_s") ?? 0) * 1000, WAIT_MS_MAX);
}
