/* hugepages_mount.c - hugetlbfs in /etc/fstab, and mounted now.
 *
 * On systemd hosts the fstab line becomes a unit (dev-hugepages.mount for /dev/hugepages) that
 * takes the place of the one systemd ships; one in /etc/systemd/system is stronger, and is named.
 * Source: systemd.mount(5), systemd.unit(5).
 */
#include <ctype.h>
#include <string.h>

#include "core/base/mem.h"
#include "stages/hugepages.h"

static bool is_below_dev(const char *path)
{
	return kh_str_starts(path, "/dev/");
}

bool kh_hugepages_is_first_mount(const struct kh_hugepools *pools, size_t index)
{
	const char *mount = pools->pools[index].config->mount;
	for (size_t i = 0; mount && i < index; i++) {
		const char *other = pools->pools[i].config->mount;
		if (other && strcmp(other, mount) == 0)
			return false;
	}
	return mount != NULL;
}

/* ---- fstab ---- */

static int fill_line(const struct kh_root *root, const struct kh_hugepool *pool, char **ret_line,
		     struct kh_error *err)
{
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	kh_auto(kh_free) char *target = kh_fstab_field(pool->config->mount);
	const struct kh_template_value values[] = {
		{"TARGET", target}, {"SIZE", size}, {NULL, NULL}};
	return kh_template_fill(root, "etc/fstab.hugetlbfs.in", values, ret_line, err);
}

static int collect_mounts(const struct kh_root *root, const struct kh_hugepools *pools,
			  struct kh_fstab_hugetlb *mounts, struct kh_strv *lines, size_t *ret_count,
			  struct kh_error *err)
{
	size_t count = 0;
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		char *line = NULL;
		if (!kh_hugepages_is_first_mount(pools, i))
			continue;
		if (fill_line(root, pool, &line, err) != 0)
			return -1;
		kh_strv_add_owned(lines, line);
		mounts[count++] = (struct kh_fstab_hugetlb){
			.target = pool->config->mount,
			.page_bytes = (unsigned long long)pool->size_kib * 1024,
			.line = line,
		};
	}
	*ret_count = count;
	return 0;
}

static void note_lines(struct kh_plan *plan, const char *text, const char *target)
{
	kh_auto(kh_fstab_done) struct kh_fstab fstab = {0};
	kh_fstab_parse(text, &fstab);
	const struct kh_fstab_entry *first = kh_fstab_find(&fstab, target, 0);
	if (first && kh_fstab_has_option(first->options, "noauto"))
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "/etc/fstab:%d: 'noauto' keeps %s from being "
			     "mounted at boot; it is yours and stays",
			     first->line, target);
	for (size_t n = 1; kh_fstab_find(&fstab, target, n); n++)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "/etc/fstab:%d is a second line for %s (the first is %d) and has no "
			     "effect",
			     kh_fstab_find(&fstab, target, n)->line, target, first->line);
}

static int plan_fstab(const struct kh_context *context, const struct kh_hugepools *pools,
		      struct kh_plan *plan, struct kh_error *err)
{
	static const char path[] = "/etc/fstab";
	kh_auto(kh_free) struct kh_fstab_hugetlb *mounts =
		kh_alloc((pools->pool_count + 1) * sizeof(*mounts));
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_auto(kh_free) char *old = NULL, *text = NULL;
	size_t count = 0;
	bool is_there = false;
	if (collect_mounts(context->root, pools, mounts, &lines, &count, err) != 0 ||
	    kh_memory_read(context->root, path, &old, &is_there, err) != 0 ||
	    kh_fstab_put_hugetlb(old, mounts, count, &text, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		note_lines(plan, text, mounts[i].target);
	if (strcmp(old, text) == 0)
		return 0;
	return kh_plan_put_file(plan, path, text, 0, "hugetlbfs at every boot", err);
}

/* ---- what systemd makes of it ---- */

/* "/dev/hugepages1G" -> "dev-hugepages1G.mount". Source: systemd.unit(5), string escaping. */
static char *unit_name(const char *target)
{
	kh_auto(kh_str_done) struct kh_str name = {0};
	for (const char *at = target + 1; *at; at++) {
		if (*at == '/')
			kh_str_add(&name, at[1] ? "-" : "");
		else if (isalnum((unsigned char)*at) || strchr(":_.", *at))
			kh_str_add_bytes(&name, at, 1);
		else
			kh_str_addf(&name, "\\x%02x", (unsigned char)*at);
	}
	kh_str_add(&name, ".mount");
	return kh_str_take(&name);
}

static void note_unit(struct kh_plan *plan, const char *target)
{
	kh_auto(kh_free) char *name = unit_name(target);
	kh_auto(kh_free) char *path = kh_printf("/etc/systemd/system/%s", name);
	kh_auto(kh_free) char *link = kh_root_readlink(plan->root, path);
	if (link && strcmp(link, "/dev/null") == 0)
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"%s is masked: %s is not mounted at boot; 'systemctl unmask %s' ends that",
			name, target, name);
	else if (link || kh_root_exists(plan->root, path))
		kh_plan_note(
			plan, KH_NOTE_WARNING,
			"%s is stronger than the line in /etc/fstab: its page size counts at boot",
			path);
}

static int reload_systemd(const struct kh_context *context, struct kh_plan *plan,
			  struct kh_error *err)
{
	static const char *const argv[] = {"systemctl", "daemon-reload", NULL};
	static const struct kh_plan_command command = {
		.argv = argv,
		.no_undo = "it reads the files as they are",
		.why = "systemd makes mount units of /etc/fstab",
	};
	bool is_running =
		context->root->is_live && kh_root_is_dir(context->root, "/run/systemd/system");
	if (!is_running || !kh_plan_has(plan, "/etc/fstab"))
		return 0;
	return kh_plan_trigger(plan, "reload systemd", &command, err);
}

/* ---- now ---- */

unsigned long long kh_hugepages_mounted_bytes(const struct kh_context *context, const char *target)
{
	kh_auto(kh_fstab_done) struct kh_fstab mounts = {0};
	unsigned long long bytes = 0;
	kh_fstab_mounted(context->root, &mounts);
	for (size_t n = 0; kh_fstab_find(&mounts, target, n); n++) { /* the last one is on top */
		bytes = kh_fstab_page_bytes(kh_fstab_find(&mounts, target, n)->options);
		if (bytes == 0) /* kernels before 4.15 name only what was asked for */
			bytes = (unsigned long long)kh_hugepool_running_default_kib(
					context->facts) *
				1024;
	}
	return bytes;
}

const char *kh_hugepages_mount_waits(const struct kh_context *context,
				     const struct kh_hugepool *pool)
{
	if (kh_hugepages_mounted_bytes(context, pool->config->mount))
		return "another page size is mounted there and may be in use";
	if (!kh_facts_memory_pool(&context->facts->memory, pool->size_kib, -1))
		return "the running kernel has no pages of this size";
	return NULL;
}

static int mount_now(struct kh_plan *plan, const char *target, struct kh_error *err)
{
	const char *const argv[] = {"mount", target, NULL};
	const char *const undo_argv[] = {"umount", target, NULL};
	const struct kh_plan_command command = {
		.argv = argv,
		.undo_argv = undo_argv,
		.why = "huge pages are used through it",
	};
	if (kh_plan_make_dir(plan, target, 0755, "mount point of hugetlbfs", err) != 0)
		return -1;
	return kh_plan_run(plan, &command, err);
}

static int plan_mount(const struct kh_context *context, const struct kh_hugepool *pool,
		      struct kh_plan *plan, struct kh_error *err)
{
	const char *target = pool->config->mount;
	kh_auto(kh_free) char *size = kh_hugepool_size_text(pool->size_kib);
	unsigned long long bytes = (unsigned long long)pool->size_kib * 1024;
	if (kh_hugepages_mounted_bytes(context, target) == bytes)
		return 0;
	if (!context->root->is_live) {
		kh_plan_note(plan, KH_NOTE_LEFT, "left to the boot: mount %s (%s pages)", target,
			     size);
		return 0;
	}
	if (context->facts->os.is_container) {
		kh_plan_note(plan, KH_NOTE_INFO,
			     "skipped: mount %s: a container's mounts are its manager's business",
			     target);
		return 0;
	}
	const char *reason = kh_hugepages_mount_waits(context, pool);
	if (reason) {
		kh_plan_note(plan, KH_NOTE_REBOOT,
			     "%s is mounted with %s pages at the next boot: %s", target, size,
			     reason);
		return 0;
	}
	return mount_now(plan, target, err);
}

/* What is in the directory would be out of sight, for this host's own programs, too. */
static int refuse_full(const struct kh_context *context, const char *target, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (kh_hugepages_mounted_bytes(context, target) == 0)
		kh_root_list(context->root, target, &names);
	if (names.count == 0)
		return 0;
	kh_fail(err, KH_HOST, 0, "mount point '%s' is not empty: it has '%s'", target,
		names.items[0]);
	return kh_hint(err, "give 'mount' of the pool a directory of its own, such as /hugepages");
}

/* /dev is made anew at every boot: there only systemd creates the mount point. */
static int plan_mount_point(const struct kh_context *context, const struct kh_hugepool *pool,
			    struct kh_plan *plan, struct kh_error *err)
{
	const char *target = pool->config->mount;
	if (!is_below_dev(target))
		return kh_plan_make_dir(plan, target, 0755, "mount point of hugetlbfs", err);
	bool is_installed = kh_root_is_dir(context->root, "/etc"); /* not just proc and sys */
	if (is_installed && !context->facts->os.has_systemd)
		kh_plan_note(plan, KH_NOTE_WARNING,
			     "nothing makes the directory %s at boot without systemd: use a mount "
			     "point outside /dev, such as /hugepages",
			     target);
	return 0;
}

int kh_hugepages_plan_mounts(const struct kh_context *context, const struct kh_hugepools *pools,
			     struct kh_plan *plan, struct kh_error *err)
{
	if (plan_fstab(context, pools, plan, err) != 0)
		return -1;
	for (size_t i = 0; i < pools->pool_count; i++) {
		const struct kh_hugepool *pool = &pools->pools[i];
		if (!kh_hugepages_is_first_mount(pools, i))
			continue;
		if (refuse_full(context, pool->config->mount, err) != 0)
			return -1;
		if (context->facts->os.has_systemd)
			note_unit(plan, pool->config->mount);
		if (plan_mount_point(context, pool, plan, err) != 0 ||
		    plan_mount(context, pool, plan, err) != 0)
			return -1;
	}
	return reload_systemd(context, plan, err);
}
