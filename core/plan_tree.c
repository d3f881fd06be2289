/* plan_tree.c - installing a whole tree: see kh_plan_install_tree in plan.h. */
#include <string.h>

#include "core/base/mem.h"
#include "core/plan.h"

struct walk {
	struct kh_plan *plan;
	const struct kh_root *source;
	const char *why;
};

static int install(const struct walk *walk, const char *from, const char *to, struct kh_error *err);

static int install_dir(const struct walk *walk, const char *from, const char *to, mode_t mode,
		       struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (kh_plan_make_dir(walk->plan, *to ? to : "/", mode, walk->why, err) != 0)
		return -1;
	kh_root_list(walk->source, from, &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *child = kh_printf("%s/%s", from, names.items[i]);
		kh_auto(kh_free) char *target = kh_printf("%s/%s", to, names.items[i]);
		if (install(walk, child, target, err) != 0)
			return -1;
	}
	return 0;
}

static int install(const struct walk *walk, const char *from, const char *to, struct kh_error *err)
{
	kh_auto(kh_file_state_done) struct kh_file_state state = {0};
	if (kh_file_look(walk->source, from, &state, err) != 0)
		return -1;
	switch (state.type) {
	case KH_FILE_DIR:
		return install_dir(walk, from, to, state.mode, err);
	case KH_FILE_REGULAR:
		return kh_plan_put_bytes(walk->plan, to, state.content, state.length, state.mode,
					 walk->why, err);
	case KH_FILE_LINK:
		return kh_plan_link(walk->plan, to, state.target, walk->why, err);
	case KH_FILE_ABSENT:
	case KH_FILE_OTHER:
		break;
	}
	return kh_fail(err, KH_HOST, 0, "'%s' of the tree is neither file, directory nor link",
		       from);
}

int kh_plan_install_tree(struct kh_plan *plan, const struct kh_root *source, const char *tree,
			 const char *prefix, const char *why, struct kh_error *err)
{
	struct walk walk = {.plan = plan, .source = source, .why = why};
	if (!kh_root_is_dir(source, tree))
		return kh_fail(err, KH_HOST, 0, "there is no tree '%s' to install", tree);
	return install(&walk, tree, strcmp(prefix, "/") == 0 ? "" : prefix, err);
}
