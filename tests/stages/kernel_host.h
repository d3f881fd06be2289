/* kernel_host.h - a host that can be rebooted, for tests of stage kernel: a copy of a recorded root
 * that counts as the running system, the programs the stage runs played by a script, and GRUB.
 *
 *     struct kernel_host *host = kernel_host_open("debian12-ifupdown", "kernel: {...}");
 *     kernel_host_build(host, "6.12.104-kvmhost", "1");      // an artifact in the store
 *     kernel_host_apply(host);  kernel_host_boot(host);      // "boot 2", and which kernel came up
 *     kernel_host_close(host);
 *
 * Test programs include it, each for itself.
 */
#ifndef TESTS_KERNEL_HOST_H
#define TESTS_KERNEL_HOST_H

#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/engine.h"
#include "core/undo.h"
#include "grub/menu.h"
#include "grub/trial.h"
#include "platform/recipe.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

/* Not every test program calls all of it. */
#define KERNEL_HOST_PART static __attribute__((unused))

struct kernel_host {
	struct stage_host base;
	struct kh_runner runner;
	struct kh_strv ran;  /* programs, a line each */
	const char *failing; /* the program that fails, or NULL */
	const char *idle;    /* one that does nothing */
	const char *chosen;  /* the stages that apply is for, separated by blanks: "kernel" */
	int boots;
};

/* ---- the programs ---- */

/* What Debian's and Rocky's programs do, as far as the stage looks: $1 is the root, then argv. */
static const char programs[] =
	"set -e; cd \"$1\"; shift; name=${1##*/}; shift\n"
	"env_set() { f=$1; { grep -v \"^$2=\" $f || :; echo \"$2=$3\"; } >$f.new; cat $f.new >$f; rm "
	"$f.new; }\n"
	"env_unset() { f=$1; grep -v \"^$2=\" $f >$f.new || :; cat $f.new >$f; rm $f.new; }\n"
	"entry() { # RELEASE TITLE ID\n"
	"echo \"menuentry '$2' --class debian \\$menuentry_id_option '$3' {\"\n"
	"echo \"\tlinux\t/boot/vmlinuz-$1 root=/dev/sda1 ro $ARGS\"\n"
	"[ ! -e boot/initrd.img-$1 ] || echo \"\tinitrd\t/boot/initrd.img-$1\"\n"
	"echo '}'; }\n"
	"update_grub() {\n"
	". ./etc/default/grub; for x in ./etc/default/grub.d/*.cfg; do [ ! -e \"$x\" ] || . \"$x\"; "
	"done\n"
	"ARGS=\"$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT\" d=${GRUB_DEFAULT:-0}\n"
	"[ \"$d\" != saved ] || d='${saved_entry}'\n"
	"{ echo '### BEGIN /etc/grub.d/00_header ###'\n"
	"echo 'if [ \"${next_entry}\" ] ; then'; echo '   set default=\"${next_entry}\"'; echo else\n"
	"echo \"   set default=\\\"$d\\\"\"; echo fi; echo '### END /etc/grub.d/00_header ###'\n"
	"echo '### BEGIN /etc/grub.d/10_linux ###'; first=1\n"
	"for v in $(ls boot | sed -n 's/^vmlinuz-//p' | sort -rV); do\n"
	"if [ $first ]; then entry $v Debian gnulinux-simple-u; first=\n"
	"echo \"submenu 'Advanced' \\$menuentry_id_option 'gnulinux-advanced-u' {\"; fi\n"
	"entry $v \"Debian, with Linux $v\" gnulinux-$v-advanced-u; done; echo '}'\n"
	"echo '### END /etc/grub.d/10_linux ###'\n"
	"for s in etc/grub.d/4?_kvmhost_*; do [ -x \"$s\" ] || continue\n"
	"echo \"### BEGIN /$s ###\"; sh $s; echo \"### END /$s ###\"; done; } >boot/grub/grub.cfg.new\n"
	"mv boot/grub/grub.cfg.new boot/grub/grub.cfg; }\n"
	"case $name in\n"
	"update-grub) update_grub ;;\n"
	"run-parts) v=; for a; do case $a in --arg=/*) ;; --arg=*) v=${a#--arg=} ;; esac; dir=$a; done\n"
	"case $dir in */postinst.d) cp boot/vmlinuz-$v boot/initrd.img-$v ;;\n"
	"*) rm -f boot/initrd.img-$v ;; esac; update_grub ;;\n"
	"grub-reboot) env_set boot/grub/grubenv next_entry \"$1\" ;;\n"
	"grub-editenv) env_unset boot/grub/grubenv $3 ;;\n"
	"grub2-reboot) env_set boot/grub2/grubenv next_entry \"$1\" ;;\n"
	"grub2-editenv) env_unset boot/grub2/grubenv $3 ;;\n"
	"grub2-set-default) env_set boot/grub2/grubenv saved_entry \"$1\" ;;\n"
	"kernel-install) v=$2; id=f2bab8799802a411076eb19731478698-$v\n"
	"case $1 in add) cp boot/vmlinuz-$v boot/initramfs-$v.img\n"
	"printf 'title Rocky Linux (%s)\\nversion %s\\nlinux /vmlinuz-%s\\ninitrd /initramfs-%s.img\\n"
	"options root=/dev/sda2 ro\\n' $v $v $v $v >boot/loader/entries/$id.conf\n"
	"env_set boot/grub2/grubenv saved_entry $id ;;\n" /* UPDATEDEFAULT=yes */
	"*) rm -f boot/initramfs-$v.img boot/loader/entries/$id.conf ;; esac ;;\n"
	"*) echo \"no such program: $name\" >&2; exit 127 ;;\n"
	"esac\n";

static bool is_named(const char *name, const char *path)
{
	return name && kh_str_ends(path, name);
}

static int play(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		struct kh_run_result *ret_result, struct kh_error *err)
{
	struct kernel_host *host = runner->data;
	const char *script[24] = {"/bin/sh", "-c", programs, "sh", host->base.fixture.path};
	kh_auto(kh_strv_done) struct kh_strv words = {0};
	for (size_t i = 0; argv[i] && i + 6 < KH_COUNT(script); i++) {
		script[5 + i] = argv[i];
		kh_strv_add(&words, argv[i]);
	}
	kh_strv_add_owned(&host->ran, kh_strv_join(&words, " "));
	if (is_named(host->failing, argv[0]) || is_named(host->idle, argv[0])) {
		*ret_result = (struct kh_run_result){.status = is_named(host->failing, argv[0]),
						     .output = kh_strdup("it broke\n")};
		return 0;
	}
	return kh_run_system.run(&kh_run_system, script, timeout_s, ret_result, err);
}

/* ---- the host ---- */

static void collect(struct kernel_host *host)
{
	struct kh_facts *facts = &host->base.facts;
	kh_facts_done(facts);
	*facts = (struct kh_facts){0};
	kh_facts_collect(&host->base.fixture.root, facts);
}

/* arguments: of the entry that is booted; NULL: those of before. */
static void begin_boot(struct kernel_host *host, const char *release, const char *arguments)
{
	kh_auto(kh_free) char *cmdline = kh_printf("%s\n", arguments ? arguments : "");
	if (arguments)
		fixture_put(&host->base.fixture, "/proc/cmdline", cmdline);
	kh_auto(kh_free) char *id = kh_printf("boot-%d\n", ++host->boots);
	kh_auto(kh_free) char *line = kh_printf("%s\n", release);
	fixture_put(&host->base.fixture, "/proc/sys/kernel/random/boot_id", id);
	fixture_put(&host->base.fixture, "/proc/sys/kernel/osrelease", line);
	collect(host);
}

static const char secure_boot[] =
	"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

static void put_programs(struct fixture *fixture, bool is_debian)
{
	if (is_debian) {
		fixture_put_mode(fixture, "/usr/bin/run-parts", "x", 0755);
		fixture_put_mode(fixture, "/usr/bin/grub-editenv", "x", 0755);
		fixture_put(fixture, "/etc/kernel/postinst.d/zz-update-grub", "x");
		fixture_put(fixture, "/boot/grub/grubenv", "# GRUB Environment Block\n");
	}
	if (kh_root_exists(&fixture->root, "/boot/loader"))
		fixture_put(
			fixture, "/boot/grub2/grubenv",
			"# GRUB Environment Block\nsaved_entry=f2bab8799802a411076eb19731478698-"
			"5.14.0-570.12.1.el9_6.x86_64\n");
	fixture_remove(fixture, secure_boot);
	fixture_put_mode(fixture, "/usr/local/sbin/kvmhost", "x", 0755);
	fixture_put(fixture, "/var/lib/kvmhost/keep", "");
	fixture_put(fixture, "/proc/self/mountinfo",
		    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n");
	fixture_put(fixture, "/sys/class/block/sda1/dev", "8:1\n");
}

static struct kernel_host *kernel_host_open(const char *root, const char *yaml)
{
	static const char *const update_grub[] = {"update-grub", NULL};
	struct kernel_host *host = kh_alloc(sizeof(*host));
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	stage_host_open(&host->base, root, yaml);
	host->runner = (struct kh_runner){play, host};
	host->chosen = "kernel";
	put_programs(&host->base.fixture, kh_str_starts(root, "debian"));
	kh_auto(kh_free) char *release = kh_strdup(host->base.facts.os.kernel_release);
	begin_boot(host, release, NULL);
	/* From now on the menu is what our update-grub makes of the files. */
	if (kh_str_starts(root, "debian") &&
	    kh_run(&host->runner, update_grub, 10, NULL, &err) != 0)
		fail_msg("%s", err.message);
	kh_strv_done(&host->ran);
	collect(host);
	return host;
}

static void kernel_host_close(struct kernel_host *host)
{
	kh_facts_done(&host->base.facts);
	host->base.facts = (struct kh_facts){0};
	kh_strv_done(&host->ran);
	stage_host_close(&host->base);
	free(host);
}

/* ---- the artifact ---- */

static void put_tree(struct kernel_host *host, const char *tree, const char *release,
		     const char *content)
{
	static const char *const names[] = {"boot/vmlinuz-%s", "boot/System.map-%s",
					    "lib/modules/%s/modules.dep"};
	for (size_t i = 0; i < KH_COUNT(names); i++) {
		const char *rest = strstr(names[i], "%s") + 2;
		kh_auto(kh_free) char *path = kh_printf(
			"%s/%.*s%s%s", tree, (int)(rest - 2 - names[i]), names[i], release, rest);
		fixture_put(&host->base.fixture, path, content);
	}
}

/* What says which devices the kernel drives: that of a recorded kernel. */
static void put_index(struct kernel_host *host, const char *tree, const char *release)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *into =
		kh_printf("%s%s/lib/modules/%s", host->base.fixture.path, tree, release);
	const char *const argv[] = {
		"/bin/sh",
		"-c",
		"cp tests/roots/debian12-ifupdown/usr/lib/modules/6.1.0-56-amd64/modules.*.bin \"$1\"",
		"sh",
		into,
		NULL};
	if (kh_run(&kh_run_system, argv, 10, NULL, &err) != 0)
		fail_msg("%s", err.message);
}

/* A kernel that drives whatever a recorded host has. */
static json_t *about_json(const char *release)
{
	return json_pack("{s:s, s:{s:s, s:[], s:[s, s, s, s, s, s]}}", "release", release, "covers",
			 "release", release, "modules", "builtin", "ext4", "xfs", "vfat", "dm_mod",
			 "isofs", "udf");
}

static void must(int result, const struct kh_error *err)
{
	if (result != 0)
		fail_msg("%s", err->message);
}

static void kernel_host_build(struct kernel_host *host, const char *release, const char *content)
{
	const struct kh_root *root = &host->base.fixture.root;
	const char *store = host->base.config.build.store;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_free) char *artifacts = kh_printf("%s/artifacts", store);
	kh_auto(kh_free) char *tree = NULL;
	struct kh_inputs inputs = {0};
	char key[KH_DIGEST_SIZE];
	fixture_remove(&host->base.fixture, artifacts);
	collect(host);
	if (kh_recipe_inputs(&host->base.context, &kh_recipe_kernel, NULL, &inputs, &err) < 0)
		fail_msg("%s", err.message);
	kh_strv_done(&inputs.made_with);
	kh_strv_add(&inputs.made_with, "content");
	kh_strv_add(&inputs.made_with, content);
	kh_store_key("kernel", &inputs.wanted, &inputs.made_with, key);
	must(kh_store_begin(root, store, key, &tree, &err), &err);
	put_tree(host, tree, release, content);
	put_index(host, tree, release);
	json_t *manifest = json_pack(
		"{s:i, s:s, s:s, s:o, s:o, s:o, s:b}", "format", 1, "program", "kernel",
		"distribution", "debian 12", "wanted", kh_inputs_json(&inputs.wanted), "made_with",
		kh_inputs_json(&inputs.made_with), "about", about_json(release), "is_imported", 1);
	must(kh_store_publish(root, store, key, manifest, &err), &err);
	kh_strv_done(&inputs.wanted);
	kh_strv_done(&inputs.made_with);
}

/* ---- planning and doing ---- */

KERNEL_HOST_PART const char *kernel_host_plan(struct kernel_host *host)
{
	host->base.fixture.root.is_live = true;
	collect(host);
	const char *text = stage_host_plan(&host->base, &kh_stage_kernel);
	host->base.fixture.root.is_live = false;
	return text;
}

static enum kh_code kernel_host_apply(struct kernel_host *host)
{
	kh_auto(kh_strv_done) struct kh_strv chosen = {0};
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	struct kh_error *err = &host->base.err;
	kh_strv_split(&chosen, host->chosen, " ");
	struct kh_engine engine = {.root = &host->base.fixture.root,
				   .config = &host->base.config,
				   .runner = &host->runner,
				   .chosen = &chosen,
				   .command = "apply kernel",
				   .skips_making = true};
	host->base.fixture.root.is_live = true;
	kh_error_done(err);
	kh_strv_done(&host->ran);
	int result = kh_engine_apply(&engine, &outcome, err);
	host->base.fixture.root.is_live = false;
	collect(host);
	if (result == 0 && outcome.refusal_count > 0) {
		kh_fail(err, kh_outcome_code(&outcome), 0, "%s", outcome.refusals[0].error.message);
		return kh_outcome_code(&outcome);
	}
	return result == 0 ? KH_OK : err->code;
}

static enum kh_code kernel_host_undo(struct kernel_host *host, long long run, bool is_forced)
{
	size_t count = 0;
	struct kh_error *err = &host->base.err;
	host->base.fixture.root.is_live = true;
	struct kh_undo undo = {.root = &host->base.fixture.root,
			       .runner = &host->runner,
			       .run = run,
			       .is_forced = is_forced};
	kh_error_done(err);
	kh_strv_done(&host->ran);
	int result = kh_undo_apply(&undo, &count, err);
	host->base.fixture.root.is_live = false;
	collect(host);
	return result == 0 ? KH_OK : err->code;
}

KERNEL_HOST_PART void kernel_host_check(struct kernel_host *host)
{
	collect(host);
	stage_host_check(&host->base, &kh_stage_kernel);
}

/* ---- booting ---- */

static char *env_path(struct kernel_host *host)
{
	bool is_bls = host->base.facts.boot.loader == KH_LOADER_GRUB_BLS;
	return kh_strdup(is_bls ? "/boot/grub2/grubenv" : "/boot/grub/grubenv");
}

/* GRUB reads the choice and takes it back before it boots anything. */
static char *take_choice(struct kernel_host *host)
{
	kh_auto(kh_free) char *path = env_path(host);
	char *next = kh_menu_variable(&host->base.fixture.root, "next_entry");
	kh_auto(kh_free) char *text = fixture_get(&host->base.fixture, path);
	kh_auto(kh_strv_done) struct kh_strv lines = {0}, kept = {0};
	if (!next)
		return NULL;
	kh_strv_split_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++)
		if (!kh_str_starts(lines.items[i], "next_entry="))
			kh_strv_add(&kept, lines.items[i]);
	kh_strv_add(&kept, "");
	kh_auto(kh_free) char *now = kh_strv_join(&kept, "\n");
	fixture_put(&host->base.fixture, path, now);
	return next;
}

/* The entry that is booted: a copy in *ret_entry of what names it; id NULL: the default one. */
static char *entry_of(struct kernel_host *host, const char *id, char **ret_arguments)
{
	struct kh_boot_entries entries;
	kh_menu_read(&host->base.fixture.root, &host->base.facts.boot, &entries);
	const struct kh_boot_entry *found = kh_boot_entries_default(&entries);
	for (size_t i = 0; id && i < entries.count; i++)
		if (entries.items[i].id && strcmp(entries.items[i].id, id) == 0)
			found = &entries.items[i];
	char *release = found ? kh_boot_release(found->kernel) : NULL;
	*ret_arguments = found ? kh_strdup(found->arguments) : NULL;
	kh_boot_entries_done(&entries);
	return release;
}

/* What is not named as the default may be it by being the first. */
KERNEL_HOST_PART void expect_ours_last(struct kernel_host *host)
{
	struct kh_boot_entries entries;
	const char *first = NULL;
	collect(host);
	kh_menu_read(&host->base.fixture.root, &host->base.facts.boot, &entries);
	for (size_t i = 0; i < entries.count; i++) {
		const struct kh_boot_entry *entry = &entries.items[i];
		bool is_ours = entry->id && (strstr(entry->id, KH_FALLBACK_ID) ||
					     strstr(entry->id, KH_TRIAL_ID));
		if (!first && is_ours)
			first = entry->id;
		if (first && entry->kind == KH_ENTRY_NORMAL)
			fail_msg("'%s' is before '%s'", first, entry->id);
	}
	assert_non_null(first);
	kh_boot_entries_done(&entries);
}

KERNEL_HOST_PART void kernel_host_boot_entry(struct kernel_host *host, const char *id)
{
	kh_auto(kh_free) char *arguments = NULL;
	kh_auto(kh_free) char *release = entry_of(host, id, &arguments);
	assert_non_null(release);
	begin_boot(host, release, arguments);
}

static void kernel_host_boot(struct kernel_host *host, bool crashes)
{
	collect(host);
	kh_auto(kh_free) char *choice = take_choice(host);
	kernel_host_boot_entry(host, crashes ? NULL : choice);
}

KERNEL_HOST_PART void kernel_host_run_kernel(struct kernel_host *host, const char *release)
{
	begin_boot(host, release, NULL);
}

static char *kernel_host_running(struct kernel_host *host)
{
	return kh_root_line(&host->base.fixture.root, "/proc/sys/kernel/osrelease");
}

static void kernel_host_note(struct kernel_host *host, enum kh_trial_result result,
			     const char *reason)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	struct kh_trial trial;
	kh_trial_read(&host->base.fixture.root, &host->base.facts, &trial);
	must(kh_trial_note(&host->base.fixture.root, &trial, result, reason, &err), &err);
	kh_trial_done(&trial);
}

static enum kh_trial_state kernel_host_state(struct kernel_host *host)
{
	struct kh_trial trial;
	kh_trial_read(&host->base.fixture.root, &host->base.facts, &trial);
	enum kh_trial_state state = trial.state;
	kh_trial_done(&trial);
	return state;
}

static char *kernel_host_default(struct kernel_host *host)
{
	kh_auto(kh_free) char *arguments = NULL;
	collect(host);
	return entry_of(host, NULL, &arguments);
}

static char *kernel_host_ran(const struct kernel_host *host)
{
	return kh_strv_join(&host->ran, "\n");
}

#endif
