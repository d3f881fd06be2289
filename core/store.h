/* store.h - artifacts: what took long to make, kept by the content of everything that went in.
 *
 * The key of an artifact is a digest over its inputs (source digest, options, fragment, compiler
 * version, ...). Same key: nothing to make. An artifact is a directory of the store (build.store),
 *
 *     STORE/artifacts/KEY/manifest.json   what it is, the inputs, the files with their digests
 *     STORE/artifacts/KEY/tree/           what is installed, as it lies below the root
 *
 * and appears under its name only when it is whole and on disk: it is filled under a temporary name
 * beside it, which is renamed at the end. So whoever finds it can install it, also on another host:
 * kh_plan_install() (installed.h) makes that journalled changes.
 *
 * The manifest: {"format": 1, "program": "qemu", "key", "made": "2026-11-21T10:00:00Z",
 * "distribution": "debian 12", "wanted": {NAME: VALUE}, "made_with": {NAME: VALUE}, "about": {...},
 * "is_imported": bool, "files": [{"path": "/usr/local/bin/x", "type": "file|directory|link",
 * "mode": 493, "size": 1, "sha256": "...", "target": "..."}]}, files sorted by path, parents first.
 */
#ifndef KH_STORE_H
#define KH_STORE_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/root.h"
#include "core/base/str.h"

struct kh_artifact {
	char *key;
	char *tree;       /* path below the root */
	json_t *manifest; /* owned */
};

void kh_artifact_done(struct kh_artifact *artifact);
/* "" when the manifest's "about" has no such text. */
const char *kh_artifact_about(const struct kh_artifact *artifact, const char *name);

/* wanted and made_with: NAME, VALUE in pairs, in any order; a name, its value and where one ends
 * and the next begins do matter. */
void kh_store_key(const char *program, const struct kh_strv *wanted,
		  const struct kh_strv *made_with, char ret_key[KH_DIGEST_SIZE]);

/* Can nobody but root exchange what lies at PATH (below the root; it need not be there yet)? Every
 * directory on the way has to be root's and closed to the rest of the world; a group that may write
 * is the operator's decision. Only where root works on the running system: elsewhere the tree is
 * its owner's. Returns 0, or -1 with KH_HOST naming the directory. */
int kh_store_check_place(const struct kh_root *root, const char *path, struct kh_error *err);

/* Can this be a key? A name of another kind below STORE/artifacts is not ours. */
bool kh_store_is_key(const char *name);

/* store: its path below the root. Returns 0, or 1: there is none (or it is damaged). */
int kh_store_find(const struct kh_root *root, const char *store, const char *key,
		  struct kh_artifact *ret_artifact);
/* All whole artifacts, newest first. */
void kh_store_list(const struct kh_root *root, const char *store,
		   struct kh_artifact **ret_artifacts, size_t *ret_count);
void kh_artifacts_free(struct kh_artifact *artifacts, size_t count);

/* An empty directory to fill; its path below the root is owned by the caller. What an earlier try
 * left is removed. */
int kh_store_begin(const struct kh_root *root, const char *store, const char *key, char **ret_tree,
		   struct kh_error *err);
/* Take the files of the tree into the manifest, write it, give the artifact its name. manifest: all
 * but key and files, and made (now) where it has none; the reference is taken over. One that has
 * the name already stays, unless its manifest or tree is gone or damaged. */
int kh_store_publish(const struct kh_root *root, const char *store, const char *key,
		     json_t *manifest, struct kh_error *err);
/* Compare what is there, every file by its digest, with the manifest: nothing missing, nothing
 * more. Returns 0, or -1 naming the first that differs. */
int kh_store_verify(const struct kh_root *root, const struct kh_artifact *artifact,
		    struct kh_error *err);
int kh_store_remove(const struct kh_root *root, const char *store, const char *key,
		    struct kh_error *err);

#endif
