// The peer's one person, `alice`, as a plain Fedify server would have her: strict about signatures,
// accepting whoever follows her, keeping what reaches her inbox.
import { createFederation, InProcessMessageQueue, MemoryKvStore } from "@fedify/fedify";
import * as vocab from "@fedify/vocab";
import {
  Accept, Activity, Announce, Create, Delete, Document, Endpoints, Follow, Image, Like, Note, Person,
  PUBLIC_COLLECTION, Reject, Tombstone, Undo,
} from "@fedify/vocab";
import { Temporal } from "@js-temporal/polyfill"; // what Fedify itself uses where Node has none yet
import { log } from "./log.mjs";

export const NAME = "alice";

// Nothing of Fedify's checking is turned off. `allowPrivateAddress` only lets it reach loopback.
export function buildFederation({ origin, keyPairs, state }) {
  const federation = createFederation({
    kv: new MemoryKvStore(),
    queue: new InProcessMessageQueue(),
    origin,
    allowPrivateAddress: true,
    onOutboxError: (error, activity) =>
      log.error("delivery of {id} failed: {error}", { id: activity?.id?.href ?? "?", error }),
  });
  federation
    .setActorDispatcher("/users/{identifier}", (ctx, identifier) => actor(ctx, identifier, state))
    .mapHandle((_ctx, username) => (username === NAME ? NAME : null))
    .setKeyPairsDispatcher((_ctx, identifier) => (identifier === NAME ? keyPairs : []));
  federation.setFollowersDispatcher("/users/{identifier}/followers", () => ({
    items: [...state.followers.values()],
  }));
  federation.setFollowingDispatcher("/users/{identifier}/following", () => ({
    items: [...state.following.keys()].map((iri) => new URL(iri)),
  }));
  federation.setOutboxDispatcher("/users/{identifier}/outbox", () => ({ items: [] }));
  federation.setNodeInfoDispatcher("/nodeinfo/2.1", () => ({
    software: { name: "fedi-test-peer", version: "1.0.0" },
    protocols: ["activitypub"],
    usage: { users: { total: 1 }, localPosts: state.notes.size, localComments: 0 },
  }));
  federation.setObjectDispatcher(Note, "/users/{identifier}/posts/{id}", (_ctx, { id }) => {
    const found = state.notes.get(id);
    return found instanceof Note ? found : null;
  });
  listen(federation, state);
  return federation;
}

async function actor(ctx, identifier, state) {
  if (identifier !== NAME) return null;
  const pairs = await ctx.getActorKeyPairs(identifier);
  return new Person({
    id: ctx.getActorUri(identifier),
    preferredUsername: identifier,
    name: "Alice of the peer",
    url: new URL(`/@${identifier}`, ctx.canonicalOrigin ?? ctx.origin),
    inbox: ctx.getInboxUri(identifier),
    outbox: ctx.getOutboxUri(identifier),
    followers: ctx.getFollowersUri(identifier),
    following: ctx.getFollowingUri(identifier),
    endpoints: new Endpoints({ sharedInbox: ctx.getInboxUri() }),
    publicKey: pairs[0].cryptographicKey,
    assertionMethods: pairs.map((pair) => pair.multikey),
    featured: new URL("/collections/featured", ctx.canonicalOrigin ?? ctx.origin),
    aliases: (state.profile.aliases ?? []).map((iri) => new URL(iri)),
    successor: state.profile.movedTo == null ? null : new URL(state.profile.movedTo),
    summary: state.profile.summary ?? "A person on a Fedify server.",
  });
}

function listen(federation, state) {
  const keep = async (ctx, activity) => {
    state.received.push(await describe(ctx, activity, state));
    log.info("received {type} {id}", { type: activity.constructor.name, id: activity.id?.href });
    state.changed();
  };
  federation
    .setInboxListeners("/users/{identifier}/inbox", "/inbox")
    .setSharedKeyDispatcher(() => ({ identifier: NAME }))
    .onError((_ctx, error) => log.error("an activity could not be handled: {error}", { error }))
    .onUnverifiedActivity((_ctx, activity, reason) => {
      log.warn("unverified {type} {id}: {reason}", {
        type: activity.constructor.name, id: activity.id?.href, reason,
      });
    })
    .on(Follow, async (ctx, follow) => {
      const follower = await follow.getActor(ctx);
      if (follower?.id == null || follower.inboxId == null || follow.id == null) return;
      state.followers.set(follower.id.href, follower);
      await ctx.sendActivity(
        { identifier: NAME },
        follower,
        new Accept({
          id: new URL(`#accepts/${crypto.randomUUID()}`, ctx.getActorUri(NAME)),
          actor: ctx.getActorUri(NAME),
          object: follow,
        }),
      );
      await keep(ctx, follow);
    })
    .on(Accept, async (ctx, accept) => {
      settle(state, accept, "accepted");
      await keep(ctx, accept);
    })
    .on(Reject, async (ctx, reject) => {
      settle(state, reject, "rejected");
      await keep(ctx, reject);
    })
    .on(Undo, async (ctx, undo) => {
      const undone = await undo.getObject(ctx);
      if (undone instanceof Follow && undo.actorId != null) state.followers.delete(undo.actorId.href);
      await keep(ctx, undo);
    })
    .on(Activity, keep);
}

// An Accept counts when its sender is whom we asked; which of our Follows it means, if it says so, must agree.
function settle(state, answer, outcome) {
  if (state.sent.has(answer.objectId?.href)) return; // another request of hers
  const asked = state.following.get(answer.actorId?.href);
  if (asked == null) return log.warn("{id} answers no Follow of ours", { id: answer.id?.href });
  if (answer.objectId != null && answer.objectId.href !== asked.follow) {
    return log.warn("{id} answers another Follow: {object}", {
      id: answer.id?.href, object: answer.objectId.href,
    });
  }
  asked[outcome] = true;
}

// The document as it came, beside what Fedify's vocabulary made of it: a field that is only in the first
// was sent in a shape that a typed reader does not see.
async function describe(ctx, activity, state) {
  const object = await activity.getObject({ ...ctx, suppressError: true });
  const attachments = [];
  if (object != null && "getAttachments" in object) {
    for await (const one of object.getAttachments({ ...ctx, suppressError: true })) {
      if (!(one instanceof Document)) continue;
      attachments.push({
        type: one.constructor.name,
        url: one.url instanceof URL ? one.url.href : (one.url?.href?.href ?? null),
        mediaType: one.mediaType,
        name: one.name?.toString() ?? null,
        summary: one.summary?.toString() ?? null,
        width: one.width,
        height: one.height,
      });
    }
  }
  return {
    type: activity.constructor.name,
    id: activity.id?.href ?? null,
    actor: activity.actorId?.href ?? null,
    object: object?.id?.href ?? activity.objectId?.href ?? null,
    objectType: object?.constructor.name ?? null,
    content: object?.content?.toString() ?? null,
    attachments,
    target: activity.targetId?.href ?? null,
    result: activity.resultId?.href ?? null,
    instrument: activity.instrumentId?.href ?? null,
    objects: activity.objectIds?.map((one) => one.href) ?? [],
    options: object instanceof vocab.Question ? await options(ctx, object) : [],
    quote: object != null && "quoteId" in object ? (object.quoteId?.href ?? null) : null,
    json: state.requests.findLast((one) => one.json?.id === activity.id?.href)?.json ?? null,
  };
}

async function options(ctx, question) {
  const found = [];
  for (const list of [question.getExclusiveOptions, question.getInclusiveOptions]) {
    for await (const one of list.call(question, { ...ctx, suppressError: true })) found.push(one.name?.toString());
  }
  return found;
}

// The verbs of the control interface.

const TERMS = {
  EmojiReact: "http://litepub.social/ns#EmojiReact",
  QuoteRequest: "https://w3id.org/fep/044f#QuoteRequest",
  gts: "https://gotosocial.org/ns#",
  AnnounceRequest: "gts:AnnounceRequest",
  LikeRequest: "gts:LikeRequest",
  ReplyRequest: "gts:ReplyRequest",
};

// Any activity of Fedify's vocabulary, read from JSON as Fedify reads it, and sent by alice to one actor. What
// the document lacks of id, actor and context is filled in.
export async function send(ctx, state, { to, activity }) {
  const recipient = await lookUp(ctx, to);
  if (recipient?.inboxId == null) return { error: `${to} was not found` };
  const document = {
    "@context": ["https://www.w3.org/ns/activitystreams", TERMS],
    id: new URL(`#acts/${crypto.randomUUID()}`, ctx.getActorUri(NAME)).href,
    actor: ctx.getActorUri(NAME).href,
    ...activity,
  };
  const loaders = { documentLoader: ctx.documentLoader, contextLoader: ctx.contextLoader };
  const typed = await vocab.Activity.fromJsonLd(document, loaders);
  state.sent.add(typed.id.href);
  await ctx.sendActivity({ identifier: NAME }, recipient, typed);
  return { id: typed.id.href, type: typed.constructor.name };
}

// A document that the peer serves, such as a poll or a stamp, at a path of its own.
export function serve(ctx, state, { path, document }) {
  const iri = new URL(path, ctx.origin).href;
  state.documents.set(path, { id: iri, ...document });
  return { id: iri };
}

// What alice says of herself from now on: `aliases`, `movedTo`, `summary`.
export function profile(_ctx, state, changes) {
  Object.assign(state.profile, changes);
  return state.profile;
}

// Names of all kinds of activity that Fedify knows.
export function vocabulary() {
  const kinds = Object.entries(vocab).filter(([, one]) => one.prototype instanceof vocab.Activity);
  return { kinds: kinds.map(([name]) => name).sort() };
}

async function keysOf(ctx, found) {
  const keys = [];
  if (found.getAssertionMethods == null) return keys;
  for await (const one of found.getAssertionMethods(await signed(ctx))) keys.push(one.id?.href ?? null);
  return keys;
}

// What Fedify makes of a document of ours.
export async function look(ctx, _state, { iri }) {
  const found = await lookUp(ctx, iri);
  if (found == null) return { error: `${iri} was not found` };
  return {
    type: found.constructor.name,
    id: found.id?.href ?? null,
    successor: found.successorId?.href ?? null,
    aliases: found.aliasIds?.map((one) => one.href) ?? [],
    total: found.totalItems ?? null,
    keys: await keysOf(ctx, found),
    webfinger: found.preferredUsername?.toString() ?? null,
  };
}

// Every read is signed, as a server must that federates with those who answer nothing else.
async function signed(ctx) {
  return { documentLoader: await ctx.getDocumentLoader({ identifier: NAME }) };
}

async function lookUp(ctx, handle) {
  return await ctx.lookupObject(handle, await signed(ctx));
}

export async function follow(ctx, state, { handle }) {
  const target = await lookUp(ctx, handle);
  if (target?.id == null) return { error: `${handle} was not found` };
  const id = new URL(`#follows/${crypto.randomUUID()}`, ctx.getActorUri(NAME));
  state.following.set(target.id.href, { follow: id.href, accepted: false, rejected: false, actor: target });
  const activity = new Follow({ id, actor: ctx.getActorUri(NAME), object: target.id });
  await ctx.sendActivity({ identifier: NAME }, target, activity);
  return {
    follow: id.href, target: target.id.href, type: target.constructor.name,
    preferredUsername: target.preferredUsername?.toString() ?? null,
  };
}

export async function unfollow(ctx, state, { target }) {
  const asked = state.following.get(target);
  if (asked == null) return { error: `${target} is not followed` };
  state.following.delete(target);
  const undo = new Undo({
    id: new URL(`#undos/${crypto.randomUUID()}`, ctx.getActorUri(NAME)),
    actor: ctx.getActorUri(NAME),
    object: new Follow({ id: new URL(asked.follow), actor: ctx.getActorUri(NAME), object: new URL(target) }),
  });
  await ctx.sendActivity({ identifier: NAME }, asked.actor, undo);
  return { undo: undo.id.href };
}

// `images`: [{ base64, media_type, alt, width, height }]
export async function post(ctx, state, { content, images = [] }) {
  const id = crypto.randomUUID();
  const note = new Note({
    id: ctx.getObjectUri(Note, { identifier: NAME, id }),
    attribution: ctx.getActorUri(NAME),
    to: PUBLIC_COLLECTION,
    cc: ctx.getFollowersUri(NAME),
    content,
    url: new URL(`/@${NAME}/${id}`, ctx.origin),
    published: Temporal.Now.instant(),
    attachments: images.map((image, index) => attachment(ctx, state, `${id}-${index}`, image)),
  });
  state.notes.set(id, note);
  await toFollowers(ctx, new Create({
    id: new URL("#create", note.id), actor: ctx.getActorUri(NAME),
    to: PUBLIC_COLLECTION, cc: ctx.getFollowersUri(NAME), object: note, published: note.published,
  }));
  return { note: note.id.href, images: note.attachmentIds.length };
}

function attachment(ctx, state, stem, { base64, media_type: mediaType, alt, width, height }) {
  const name = `${stem}.${mediaType.split("/")[1]}`;
  state.images.set(name, { bytes: Buffer.from(base64, "base64"), mediaType });
  return new Image({ url: new URL(`/images/${name}`, ctx.origin), mediaType, name: alt, width, height });
}

export async function remove(ctx, state, { note }) {
  const id = note.split("/").at(-1);
  if (!(state.notes.get(id) instanceof Note)) return { error: `${note} is no post of ours` };
  const tombstone = new Tombstone({ id: new URL(note), deleted: Temporal.Now.instant() });
  state.notes.set(id, tombstone);
  await toFollowers(ctx, new Delete({
    id: new URL("#delete", note), actor: ctx.getActorUri(NAME), to: PUBLIC_COLLECTION, object: tombstone,
  }));
  return { deleted: note };
}

export async function like(ctx, _state, { object }) {
  return await react(ctx, Like, object);
}

export async function boost(ctx, _state, { object }) {
  return await react(ctx, Announce, object);
}

async function react(ctx, Kind, iri) {
  const found = await lookUp(ctx, iri);
  const author = found == null ? null : await found.getAttribution(await signed(ctx));
  if (author == null) return { error: `${iri} was not found` };
  const activity = new Kind({
    id: new URL(`#${Kind.name.toLowerCase()}s/${crypto.randomUUID()}`, ctx.getActorUri(NAME)),
    actor: ctx.getActorUri(NAME),
    object: new URL(iri),
    to: Kind === Announce ? PUBLIC_COLLECTION : author.id,
    published: Temporal.Now.instant(),
  });
  await ctx.sendActivity({ identifier: NAME }, author, activity);
  return { id: activity.id.href };
}

async function toFollowers(ctx, activity) {
  await ctx.sendActivity({ identifier: NAME }, "followers", activity, {
    preferSharedInbox: true, orderingKey: activity.objectId?.href,
  });
}
