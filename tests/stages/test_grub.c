/* test_grub.c - the grub stage on recorded hosts; update-grub is played by a shell script that
 * sources the files as grub-mkconfig does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/engine.h"
#include "core/undo.h"
#include "grub/cmdline.h"
#include "stages/stages.h"
#include "tests/lib/stage_host.h"

static const char memory[] = "/var/lib/kvmhost/kernel-arguments";
static const char cfg_debian[] = "/boot/grub/grub.cfg";
#define BLS "/boot/loader/entries/f2bab8799802a411076eb19731478698-"
static const char bls_new[] = BLS "5.14.0-570.12.1.el9_6.x86_64.conf";
static const char bls_fallback[] = BLS "kvmhost-fallback.conf";
#define NO_POOLS "hugepages: {pools: []}\n"

/* ---- a host with boot facts ---- */

static void collect(struct stage_host *host)
{
	kh_facts_boot_done(&host->facts.boot);
	kh_facts_boot_collect(&host->fixture.root, &host->facts.boot);
}

static void open_host(struct stage_host *host, const char *root, const char *yaml)
{
	stage_host_open(host, root, yaml);
	fixture_put(&host->fixture, "/var/lib/kvmhost/keep", ""); /* the engine makes it */
	collect(host);
	kh_facts_pci_collect(&host->fixture.root, &host->facts.pci);
}

static void close_host(struct stage_host *host)
{
	kh_facts_boot_done(&host->facts.boot);
	kh_facts_pci_done(&host->facts.pci);
	stage_host_close(host);
}

static const char *plan(struct stage_host *host)
{
	collect(host);
	const char *text = stage_host_plan(host, &kh_stage_grub);
	if (!text)
		fail_msg("%s", host->err.message);
	return text;
}

static void apply(struct stage_host *host)
{
	plan(host);
	stage_host_apply(host);
}

static void configure(struct stage_host *host, const char *yaml)
{
	stage_host_configure(host, yaml);
	collect(host);
}

static void check(struct stage_host *host)
{
	collect(host);
	stage_host_check(host, &kh_stage_grub);
}

static void expect_file(const struct stage_host *host, const char *path, const char *part)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	expect_text(text, part);
}

static void expect_not_in_file(const struct stage_host *host, const char *path, const char *part)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	expect_no_text(text, part);
}

static void edit(struct stage_host *host, const char *path, const char *old, const char *new)
{
	kh_auto(kh_free) char *text = fixture_get(&host->fixture, path);
	assert_non_null(text);
	const char *at = strstr(text, old);
	if (!at)
		fail_msg("no '%s' in %s", old, path);
	kh_auto(kh_free) char *edited =
		kh_printf("%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	fixture_put(&host->fixture, path, edited);
}

/* ---- update-grub ---- */

/* The arguments of the normal entries anew, as Debian's 10_linux writes them, then the fallback. */
static const char generator[] =
	"cd \"$1\"; cfg=$2\n"
	". ./etc/default/grub\n"
	"set -e\n"
	"for x in ./etc/default/grub.d/*.cfg; do [ ! -e \"$x\" ] || . \"$x\"; done\n"
	"export ARGS=\"$GRUB_CMDLINE_LINUX $GRUB_CMDLINE_LINUX_DEFAULT\"\n"
	"awk '/BEGIN .*45_kvmhost/ {skip=1} /^[ \\t]*linux(16|efi)?[ \\t]/ && !/ single/ && "
	"!skip && match($0, / ro /) {$0 = substr($0, 1, RSTART + 3) ENVIRON[\"ARGS\"]} !skip {print}' "
	"\"$cfg\" > \"$cfg.new\"\n"
	"if [ -x etc/grub.d/45_kvmhost_fallback ]; then\n"
	"echo '### BEGIN /etc/grub.d/45_kvmhost_fallback ###' >> \"$cfg.new\"\n"
	"sh etc/grub.d/45_kvmhost_fallback >> \"$cfg.new\"\n"
	"echo '### END /etc/grub.d/45_kvmhost_fallback ###' >> \"$cfg.new\"; fi\n"
	"mv \"$cfg.new\" \"$cfg\"\n";

static struct {
	struct stage_host *host;
	bool does_nothing;
	size_t runs;
	char *argv;
} tool;

static void generate(struct stage_host *host, const char *cfg)
{
	const char *const argv[] = {"/bin/sh",          "-c",    generator, "sh",
				    host->fixture.path, cfg + 1, NULL};
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_run(&kh_run_system, argv, 10, NULL, &err) != 0)
		fail_msg("%s", err.message);
}

static int play(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)runner;
	(void)timeout_s;
	(void)err;
	*ret_result = (struct kh_run_result){.output = kh_strdup("")};
	kh_free(&tool.argv);
	tool.argv = kh_printf("%s %s %s", argv[0], argv[1] ? argv[1] : "",
			      argv[1] && argv[2] ? argv[2] : "");
	tool.runs++;
	if (!tool.does_nothing)
		generate(tool.host, tool.host->facts.boot.grub_cfg);
	return 0;
}

static struct kh_runner player = {play, NULL};

/* The stage through the engine, on a copy that counts as the running system. */
/* Where the tests call a root live, preflight wants root rights, as it should. */
static void need_root_rights(void)
{
	if (geteuid() != 0)
		skip();
}

static enum kh_code engine_apply(struct stage_host *host, struct kh_outcome *outcome)
{
	kh_auto(kh_strv_done) struct kh_strv chosen = {0};
	kh_strv_add(&chosen, "grub");
	struct kh_engine engine = {.root = &host->fixture.root,
				   .config = &host->config,
				   .runner = &player,
				   .chosen = &chosen,
				   .command = "apply grub"};
	host->config.grub.trial = KH_GRUB_TRIAL_OFF; /* that is test_grub_trial's subject */
	collect(host);
	tool.host = host;
	host->fixture.root.is_live = true;
	kh_error_done(&host->err);
	int result = kh_engine_apply(&engine, outcome, &host->err);
	host->fixture.root.is_live = false;
	return result == 0 ? KH_OK : host->err.code;
}

static enum kh_code engine_apply_quietly(struct stage_host *host)
{
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	enum kh_code code = engine_apply(host, &outcome);
	if (code != KH_OK)
		print_error("%s: %s\n", host->err.message,
			    outcome.residue.count ? outcome.residue.items[0] : "");
	return code;
}

static int setup(void **state)
{
	(void)state;
	kh_free(&tool.argv);
	memset(&tool, 0, sizeof(tool));
	return 0;
}

/* ---- Debian: a drop-in and update-grub ---- */

static void the_generated_menu_reads_back_as_complete(void **state)
{
	(void)state;
	need_root_rights();
	static const char *const roots[] = {
		"debian12-ifupdown", "debian13-networkd",  "hand-edited", "half-applied",
		"numa2-intel",       "ubuntu2404-netplan", "no-virt"};
	for (size_t i = 0; i < KH_COUNT(roots); i++) {
		struct stage_host host;
		open_host(&host, roots[i], "grub: {extra: [mitigations=auto, console=ttyS1]}\n");
		assert_int_equal(engine_apply_quietly(&host), KH_OK);
		check(&host);
		assert_string_equal(stage_host_status(&host, "boot.result"), "pass");
		assert_string_equal(stage_host_status(&host, "boot.fallback"), "pass");
		assert_string_equal(stage_host_status(&host, "boot.default_entry"), "pass");
		expect_no_text(plan(&host), "left to do");
		assert_int_equal(host.plan.change_count, 0);
		close_host(&host);
	}
}

static void nasty_words_survive_shell_and_grub(void **state)
{
	(void)state;
	need_root_rights();
	struct stage_host host;
	open_host(
		&host, "debian12-ifupdown",
		"grub:\n  extra: ['dyndbg=\"file drivers/usb/* +p\"', \"it's=1\", 'memmap=4G$0x100', "
		"'glob=*?[a]', 'x=`y`', 'tsc=a;b']\n");
	edit(&host, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"",
	     "GRUB_CMDLINE_LINUX='dyndbg=\"file drivers/usb/* +p\" transparent-hugepage=never "
	     "other=\"a * b\" tsc=old glob=no'");
	assert_int_equal(engine_apply_quietly(&host), KH_OK);
	expect_file(&host, cfg_debian, " other=\"a * b\" quiet transparent_hugepage=madvise ");
	expect_file(&host, cfg_debian, "memmap=4G\\$0x100");
	expect_file(&host, cfg_debian, "tsc=a\\;b");
	expect_not_in_file(&host, cfg_debian, "tsc=old");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.result"), "pass");
	close_host(&host);
}

static void undo_gives_the_menu_back(void **state)
{
	(void)state;
	need_root_rights();
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", NO_POOLS);
	kh_auto(kh_free) char *before = fixture_tree(&host.fixture);
	assert_int_equal(engine_apply_quietly(&host), KH_OK);
	host.fixture.root.is_live = true;
	struct kh_undo undo = {.root = &host.fixture.root, .runner = &player};
	size_t count = 0;
	assert_int_equal(kh_undo_apply(&undo, &count, &host.err), 0);
	assert_true(count > 0);
	host.fixture.root.is_live = false;
	kh_auto(kh_free) char *after = fixture_tree(&host.fixture);
	assert_string_equal(after, before);
	close_host(&host);
}

static void a_tool_that_changes_nothing_is_found_out(void **state)
{
	(void)state;
	need_root_rights();
	struct stage_host host;
	kh_auto(kh_outcome_done) struct kh_outcome outcome = {0};
	open_host(&host, "debian12-ifupdown", NO_POOLS);
	tool.does_nothing = true;
	assert_int_equal(engine_apply(&host, &outcome), KH_VERIFY);
	assert_int_equal(outcome.residue.count, 1);
	expect_text(outcome.residue.items[0], "/usr/sbin/update-grub");
	expect_text(outcome.residue.items[0], "lacks 'transparent_hugepage=madvise'");
	close_host(&host);
}

static void a_later_drop_in_that_drops_ours_is_named(void **state)
{
	(void)state;
	need_root_rights();
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", NO_POOLS);
	fixture_put(&host.fixture, "/etc/default/grub.d/99-x.cfg",
		    "# mine\nGRUB_CMDLINE_LINUX_DEFAULT=quiet\n");
	fixture_put(
		&host.fixture, "/etc/default/grub.d/kdump-tools.cfg",
		"GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT crashkernel=512M\"\n");
	const char *text = plan(&host);
	expect_text(text,
		    "warning: [grub] kernel arguments are overridden by "
		    "/etc/default/grub.d/99-x.cfg:2, which sets GRUB_CMDLINE_LINUX_DEFAULT afresh");
	expect_no_text(text, "kdump-tools");
	assert_int_equal(engine_apply_quietly(&host), KH_VERIFY);
	check(&host);
	const struct kh_check *found =
		kh_report_find(&host.report, "boot.arg.transparent_hugepage");
	assert_non_null(found);
	assert_int_equal(found->status, KH_FAIL);
	expect_text(found->gap, "overridden by /etc/default/grub.d/99-x.cfg:2");
	fixture_put(&host.fixture, "/etc/default/grub.d/99-x.cfg",
		    "GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX transparent_hugepage=always\"\n");
	expect_text(plan(&host), "99-x.cfg:1, which says 'transparent_hugepage=always'");
	close_host(&host);
}

static void what_is_no_longer_wanted_goes_but_not_what_others_say_too(void **state)
{
	(void)state;
	need_root_rights();
	struct stage_host host;
	open_host(&host, "debian12-ifupdown",
		  "grub: {extra: [nosmt, mitigations=auto]}\n" NO_POOLS);
	edit(&host, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"\"",
	     "GRUB_CMDLINE_LINUX=\"mitigations=auto\"");
	assert_int_equal(engine_apply_quietly(&host), KH_OK);
	configure(&host, NO_POOLS);
	assert_int_equal(engine_apply_quietly(&host), KH_OK);
	expect_not_in_file(&host, cfg_debian, "nosmt");
	expect_file(&host, cfg_debian, " mitigations=auto quiet");
	expect_not_in_file(&host, memory, "nosmt");
	close_host(&host);
}

static void the_fallback_keeps_the_old_arguments_and_is_made_anew_when_its_kernel_goes(void **state)
{
	(void)state;
	need_root_rights();
	static const char script[] = "/etc/grub.d/45_kvmhost_fallback";
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", NO_POOLS);
	assert_int_equal(engine_apply_quietly(&host), KH_OK);
	expect_not_in_file(&host, script, "transparent_hugepage");
	expect_file(&host, script, " ro  quiet\n");
	expect_file(&host, script, "vmlinuz-6.1.0-56-amd64");
	fixture_remove(&host.fixture, "/boot/vmlinuz-6.1.0-56-amd64");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.fallback"), "warn");
	kh_free(&host.facts.os.kernel_release);
	host.facts.os.kernel_release = kh_strdup("6.1.0-53-amd64");
	apply(&host);
	expect_file(&host, script, "vmlinuz-6.1.0-53-amd64");
	expect_not_in_file(&host, script, "transparent_hugepage");
	close_host(&host);
}

/* ---- /etc/default/grub and grub2-mkconfig ---- */

static void el7_edits_the_default_file_and_names_the_output(void **state)
{
	(void)state;
	need_root_rights();
	static const struct {
		const char *root, *argv;
	} cases[] = {
		{"centos7-ifcfg-bios", "/usr/sbin/grub2-mkconfig -o /boot/grub2/grub.cfg"},
		{"centos7-ifcfg-uefi", "/usr/sbin/grub2-mkconfig -o /boot/efi/EFI/centos/grub.cfg"},
	};
	for (size_t i = 0; i < KH_COUNT(cases); i++) {
		struct stage_host host;
		open_host(&host, cases[i].root, NO_POOLS);
		assert_int_equal(engine_apply_quietly(&host), KH_OK);
		assert_string_equal(tool.argv, cases[i].argv);
		expect_file(&host, "/etc/default/grub", " transparent_hugepage=madvise");
		configure(&host, NO_POOLS "grub: {transparent_hugepage: never}\n");
		assert_int_equal(engine_apply_quietly(&host), KH_OK);
		expect_file(&host, "/etc/default/grub", "transparent_hugepage=never");
		expect_not_in_file(&host, "/etc/default/grub", "madvise");
		close_host(&host);
	}
}

static void where_recovery_entries_are_made_they_do_not_get_ours(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "centos7-ifcfg-bios", NO_POOLS);
	edit(&host, "/etc/default/grub", "GRUB_DISABLE_RECOVERY=\"true\"", "");
	apply(&host);
	expect_file(&host, "/etc/default/grub",
		    "\nGRUB_CMDLINE_LINUX_DEFAULT=\"intel_iommu=on "
		    "transparent_hugepage=madvise elevator=deadline\"\n");
	close_host(&host);
}

/* What grub2-mkconfig makes of a default file in which not every assignment can be seen. */
static void arguments_that_are_set_elsewhere_reach_the_menu(void **state)
{
	(void)state;
	need_root_rights();
	static const char *const files[] = {
		". ./etc/default/grub.site\n",
		"GRUB_CMDLINE_LINUX=old\n. ./etc/default/grub.site\n",
		": \"${GRUB_CMDLINE_LINUX:=rd.lvm.lv=centos/root}\"\n",
		"GRUB_CMDLINE_LINUX=rd.lvm.lv=centos/root\n"
		"if [ -e /none ]; then GRUB_CMDLINE_LINUX=x; fi\n",
		"arguments() {\n\tGRUB_CMDLINE_LINUX=rd.lvm.lv=centos/root\n}\narguments\n",
	};
	for (size_t i = 0; i < KH_COUNT(files); i++) {
		struct stage_host host;
		open_host(&host, "centos7-ifcfg-bios", NO_POOLS);
		kh_auto(kh_free) char *text =
			kh_printf("GRUB_DISABLE_RECOVERY=\"true\"\n%s", files[i]);
		fixture_put(&host.fixture, "/etc/default/grub", text);
		fixture_put(&host.fixture, "/etc/default/grub.site",
			    "GRUB_CMDLINE_LINUX=\"rd.lvm.lv=centos/root\"\n");
		generate(&host, "/boot/grub2/grub.cfg");
		assert_int_equal(engine_apply_quietly(&host), KH_OK);
		expect_file(&host, "/boot/grub2/grub.cfg",
			    " rd.lvm.lv=centos/root intel_iommu=on transparent_hugepage=madvise ");
		check(&host);
		assert_string_equal(stage_host_status(&host, "boot.result"), "pass");
		plan(&host);
		assert_int_equal(host.plan.change_count, 0);
		configure(&host, NO_POOLS "grub: {transparent_hugepage: never}\n");
		assert_int_equal(engine_apply_quietly(&host), KH_OK);
		expect_file(&host, "/boot/grub2/grub.cfg",
			    " rd.lvm.lv=centos/root intel_iommu=on elevator=deadline "
			    "transparent_hugepage=never");
		expect_not_in_file(&host, "/etc/default/grub", "madvise");
		close_host(&host);
	}
}

/* ---- Boot Loader Specification ---- */

static void bls_entries_and_the_templates_of_future_kernels_are_edited(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS "grub: {extra: [nosmt]}\n");
	kh_auto(kh_free) char *rescue = fixture_get(&host.fixture, BLS "0-rescue.conf");
	apply(&host);
	expect_file(&host, bls_new, "rd.lvm.lv=rl/swap $tuned_params ");
	expect_file(&host, bls_new, "transparent_hugepage=madvise nosmt\n");
	expect_file(&host, "/etc/kernel/cmdline", " transparent_hugepage=madvise nosmt\n");
	expect_file(&host, "/etc/default/grub", " transparent_hugepage=madvise nosmt\"\n");
	expect_not_in_file(&host, bls_fallback, "nosmt");
	kh_auto(kh_free) char *same = fixture_get(&host.fixture, BLS "0-rescue.conf");
	assert_string_equal(same, rescue);
	assert_int_equal(tool.runs, 0);
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.result"), "pass");
	assert_string_equal(stage_host_status(&host, "boot.default_entry"), "pass");
	configure(&host, NO_POOLS);
	apply(&host);
	static const char *const places[] = {bls_new, "/etc/kernel/cmdline", "/etc/default/grub",
					     memory};
	for (size_t i = 0; i < KH_COUNT(places); i++)
		expect_not_in_file(&host, places[i], "nosmt");
	close_host(&host);
}

static void the_bls_fallback_is_never_the_default_whatever_the_machine_id(void **state)
{
	(void)state;
	static const char *const ids[] = {"", "uninitialized\n",
					  "00000000000000000000000000000001\n"};
	for (size_t i = 0; i < KH_COUNT(ids); i++) {
		struct stage_host host;
		open_host(&host, "rocky9-bls-nm", NO_POOLS);
		fixture_put(&host.fixture, "/etc/machine-id", ids[i]);
		fixture_put(&host.fixture, "/boot/grub2/grubenv", "# GRUB Environment Block\n");
		apply(&host);
		check(&host);
		assert_string_equal(stage_host_status(&host, "boot.fallback"), "pass");
		assert_string_equal(stage_host_status(&host, "boot.default_entry"), "pass");
		expect_file(&host, bls_fallback, "as before kvmhost");
		close_host(&host);
	}
}

static void a_bls_fallback_that_lost_its_kernel_or_got_our_arguments_is_mended(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS "grub: {extra: [nosmt]}\n");
	apply(&host);
	kh_auto(kh_free) char *good = fixture_get(&host.fixture, bls_fallback);
	/* what grub2-mkconfig --update-bls-cmdline does */
	edit(&host, bls_fallback, "options root",
	     "options nosmt transparent_hugepage=madvise root");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.fallback"), "warn");
	apply(&host);
	kh_auto(kh_free) char *mended = fixture_get(&host.fixture, bls_fallback);
	assert_string_equal(mended, good);
	edit(&host, bls_fallback, "linux /vmlinuz-5.14.0-", "linux /vmlinuz-4.18.0-");
	expect_text(plan(&host), "is gone");
	stage_host_apply(&host);
	kh_auto(kh_free) char *again = fixture_get(&host.fixture, bls_fallback);
	assert_string_equal(again, good);
	close_host(&host);
}

static void of_several_options_the_first_is_edited_as_grub_takes_no_other(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, bls_new,
		    "title A\nlinux /vmlinuz-5.14.0-570.12.1.el9_6.x86_64\noptions root=/dev/x\n"
		    "options transparent_hugepage=madvise\n");
	expect_text(plan(&host), "conf has several lines 'options': GRUB takes the first only");
	apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, bls_new);
	expect_text(text, "\noptions root=/dev/x transparent_hugepage=madvise");
	expect_text(text, "\noptions transparent_hugepage=madvise\n");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	close_host(&host);
}

/* GRUB gives such an entry $default_kernelopts, and no longer once it has options. */
static void an_entry_without_options_keeps_those_it_had_from_the_environment_block(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, bls_new,
		    "title A\nlinux /vmlinuz-5.14.0-570.12.1.el9_6.x86_64\n");
	fixture_put(&host.fixture, "/boot/grub2/grubenv",
		    "saved_entry=0\ndefault_kernelopts=root=/dev/x ro\n");
	apply(&host);
	expect_file(&host, bls_new,
		    "title A\nlinux /vmlinuz-5.14.0-570.12.1.el9_6.x86_64\n"
		    "options $default_kernelopts transparent_hugepage=madvise");
	expect_file(&host, bls_fallback, "options root=/dev/x ro\n");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	fixture_put(&host.fixture, "/boot/grub2/grubenv",
		    "default_kernelopts=root=/dev/x ro transparent_hugepage=never\n");
	apply(&host);
	expect_file(&host, bls_new, "options root=/dev/x ro transparent_hugepage=madvise");
	close_host(&host);
}

static void a_fallback_of_an_entry_with_nothing_but_our_arguments_has_no_empty_options(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, memory, "transparent_hugepage=madvise\n");
	fixture_put(&host.fixture, bls_new,
		    "title A\nlinux /vmlinuz-5.14.0-570.12.1.el9_6.x86_64\n"
		    "options transparent_hugepage=madvise\ninitrd /i\n");
	apply(&host);
	kh_auto(kh_free) char *fallback = fixture_get(&host.fixture, bls_fallback);
	assert_string_equal(fallback, "title A, as before kvmhost\n"
				      "linux /vmlinuz-5.14.0-570.12.1.el9_6.x86_64\n"
				      "initrd /i\nversion 0-kvmhost-fallback\n");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	close_host(&host);
}

static void kernelopts_stays_while_nothing_in_it_is_in_our_way(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, bls_new,
		    "title A\nlinux /vmlinuz-5.14.0-570.12.1.el9_6.x86_64\noptions $kernelopts "
		    "$tuned_params\n");
	fixture_put(&host.fixture, "/boot/grub2/grubenv", "kernelopts=root=/dev/x ro\n");
	apply(&host);
	expect_file(&host, bls_new, "options $kernelopts $tuned_params ");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	fixture_put(&host.fixture, "/boot/grub2/grubenv",
		    "kernelopts=root=/dev/x ro transparent_hugepage=never\n");
	apply(&host);
	expect_file(&host, bls_new, "options root=/dev/x ro ");
	expect_not_in_file(&host, bls_new, "never");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	close_host(&host);
}

static void comments_in_the_kernel_command_line_file_stay_comments(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, "/etc/kernel/cmdline",
		    "# keep\nroot=/dev/x ro\ntransparent_hugepage=never quiet\n");
	apply(&host);
	kh_auto(kh_free) char *text = fixture_get(&host.fixture, "/etc/kernel/cmdline");
	expect_text(text, "# keep\nroot=/dev/x ro ");
	expect_text(text, "transparent_hugepage=madvise\nquiet\n");
	expect_no_text(text, "never");
	close_host(&host);
}

static void tuneds_arguments_behind_ours_are_named(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, "/etc/tuned/bootcmdline",
		    "TUNED_BOOT_CMDLINE=\"isolcpus=1 transparent_hugepage=never\"\n");
	expect_text(plan(&host), "overridden by /etc/tuned/bootcmdline:1 (tuned), which says "
				 "'transparent_hugepage=never'");
	close_host(&host);
}

static void what_stood_there_before_us_stays_when_we_no_longer_want_it(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS "grub: {extra: [nosmt, quiet]}\n");
	edit(&host, bls_new, " ro ", " ro quiet ");
	apply(&host);
	expect_not_in_file(&host, memory, "quiet");
	configure(&host, NO_POOLS);
	apply(&host);
	expect_file(&host, bls_new, " ro quiet ");
	expect_not_in_file(&host, bls_new, "nosmt");
	close_host(&host);
}

/* A backslash before it is no help with the GRUB of EL 9.4. */
static void a_dollar_in_an_argument_is_refused_where_entries_are_bls(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS "grub: {extra: ['memmap=4G$16G']}\n");
	assert_null(stage_host_plan(&host, &kh_stage_grub));
	assert_int_equal(host.err.code, KH_HOST);
	assert_string_equal(host.err.message,
			    "kernel argument 'memmap=4G$16G': in a Boot Loader Specification entry "
			    "GRUB takes '$' for a variable");
	expect_text(host.err.hint, "write 'memmap=SIZE%OFFSET-1+2' for 'memmap=SIZE$OFFSET'");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.arguments"), "fail");
	configure(&host, NO_POOLS "grub: {extra: ['memmap=4G%16G-1+2']}\n");
	apply(&host);
	expect_file(&host, bls_new, " memmap=4G%16G-1+2\n");
	close_host(&host);
}

/* ---- GRUB legacy ---- */

static void grub_conf_gets_the_arguments_and_a_fallback_at_its_end(void **state)
{
	(void)state;
	static const char conf[] = "/boot/grub/grub.conf";
	struct stage_host host;
	open_host(&host, "centos6-grub-legacy", NO_POOLS "grub: {extra: ['memmap=4G$0x100']}\n");
	apply(&host);
	expect_file(&host, conf,
		    " elevator=deadline memmap=4G$0x100\n"); /* no script: not escaped */
	expect_file(&host, conf, "as before kvmhost\n");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.result"), "pass");
	assert_string_equal(stage_host_status(&host, "boot.fallback"), "pass");
	assert_string_equal(stage_host_status(&host, "boot.default_entry"), "pass");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	configure(&host, NO_POOLS);
	apply(&host);
	expect_not_in_file(&host, conf, "memmap");
	close_host(&host);
}

/* ---- the arguments ---- */

static void extra_arguments_win_over_what_was_worked_out(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(
		&host, "centos7-ifcfg-bios",
		"grub: {extra: ['intel_iommu=on,sm_on', transparent-hugepage=never, console=tty0, "
		"console=ttyS0]}\n" NO_POOLS);
	apply(&host);
	expect_file(&host, "/etc/default/grub", "intel_iommu=on,sm_on transparent-hugepage=never");
	expect_file(&host, "/etc/default/grub", " console=tty0 console=ttyS0\"");
	generate(&host, "/boot/grub2/grub.cfg");
	plan(&host);
	assert_int_equal(host.plan.change_count, 0);
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.result"), "pass");
	close_host(&host);
}

static void stale_recipes_are_named(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "debian12-ifupdown", NO_POOLS);
	fixture_put(&host.fixture, "/proc/cmdline",
		    "ro elevator=noop amd_iommu=on,fullflush amd_iommu=on cgroup_disable=memory\n");
	check(&host);
	const struct kh_check *stale = kh_report_find(&host.report, "boot.stale");
	assert_non_null(stale);
	assert_int_equal(stale->status, KH_WARN);
	expect_text(stale->found, "'elevator=noop' has no effect since Linux 5.0");
	expect_text(stale->found, "'amd_iommu=on' is no value");
	expect_text(stale->found, "'amd_iommu=on,fullflush' is deprecated");
	expect_text(stale->found, "'cgroup_disable=memory' takes away");
	close_host(&host);
}

static void what_stands_behind_two_dashes_is_not_the_kernels(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", NO_POOLS);
	fixture_put(&host.fixture, "/proc/cmdline",
		    "root=/dev/x ro -- transparent_hugepage=madvise\n");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.arg.transparent_hugepage"), "fail");
	close_host(&host);
	open_host(&host, "debian12-ifupdown", NO_POOLS);
	fixture_put(&host.fixture, "/etc/default/grub", "GRUB_CMDLINE_LINUX=\"a -- 3\"\n");
	collect(&host);
	assert_null(stage_host_plan(&host, &kh_stage_grub));
	expect_text(host.err.message, "/etc/default/grub:1: GRUB_CMDLINE_LINUX has '--'");
	close_host(&host);
}

static void what_the_operator_says_to_the_iommu_stays(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "centos7-ifcfg-bios", NO_POOLS);
	fixture_put(&host.fixture, "/proc/cmdline",
		    "ro intel_iommu=on,igfx_off intel_iommu=sm_on\n");
	fixture_put(&host.fixture, "/etc/default/grub",
		    "GRUB_DISABLE_RECOVERY=true\n"
		    "GRUB_CMDLINE_LINUX=\"ro intel_iommu=on,igfx_off intel_iommu=sm_on\"\n");
	apply(&host);
	expect_file(&host, "/etc/default/grub", "ro intel_iommu=on,igfx_off intel_iommu=sm_on ");
	expect_not_in_file(&host, "/etc/default/grub", "intel_iommu=on ");
	fixture_put(&host.fixture, "/proc/cmdline",
		    "ro intel_iommu=off,igfx_off intel_iommu=sm_on\n");
	apply(&host);
	expect_file(&host, "/etc/default/grub", "ro intel_iommu=sm_on intel_iommu=on ");
	close_host(&host);
}

static void a_parameter_of_a_module_is_there_once(void **state)
{
	(void)state;
	struct stage_host host;
	open_host(&host, "rocky9-bls-nm", "grub: {extra: [kvm_amd.nested=1]}\n" NO_POOLS);
	fixture_put(&host.fixture, "/proc/cmdline",
		    "ro kvm_amd.nested=1 kvm_amd.nested=0 transparent_hugepage=madvise\n");
	check(&host);
	assert_string_equal(stage_host_status(&host, "boot.arg.kvm_amd.nested"), "fail");
	close_host(&host);
}

static void every_recorded_host_can_be_judged(void **state)
{
	(void)state;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	fixture_names(&names);
	for (size_t i = 0; i < names.count; i++) {
		struct stage_host host;
		open_host(&host, names.items[i], NO_POOLS);
		check(&host);
		bool has_loader = host.facts.boot.loader != KH_LOADER_NONE;
		const char *result = stage_host_status(&host, "boot.result");
		assert_string_equal(result, has_loader ? "warn" : "none");
		const char *argument = stage_host_status(&host, "boot.arg.transparent_hugepage");
		if (!has_loader)
			assert_string_equal(argument, "skip");
		if (!host.facts.boot.cmdline)
			assert_string_equal(stage_host_status(&host, "boot.stale"), "none");
		plan(&host);
		if (!has_loader)
			expect_text(host.text, "no boot loader here that kvmhost can configure");
		close_host(&host);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_generated_menu_reads_back_as_complete, setup),
		cmocka_unit_test_setup(nasty_words_survive_shell_and_grub, setup),
		cmocka_unit_test_setup(undo_gives_the_menu_back, setup),
		cmocka_unit_test_setup(what_the_operator_says_to_the_iommu_stays, setup),
		cmocka_unit_test_setup(a_parameter_of_a_module_is_there_once, setup),
		cmocka_unit_test_setup(what_stands_behind_two_dashes_is_not_the_kernels, setup),
		cmocka_unit_test_setup(a_tool_that_changes_nothing_is_found_out, setup),
		cmocka_unit_test_setup(a_later_drop_in_that_drops_ours_is_named, setup),
		cmocka_unit_test_setup(what_is_no_longer_wanted_goes_but_not_what_others_say_too,
				       setup),
		cmocka_unit_test_setup(
			the_fallback_keeps_the_old_arguments_and_is_made_anew_when_its_kernel_goes,
			setup),
		cmocka_unit_test_setup(el7_edits_the_default_file_and_names_the_output, setup),
		cmocka_unit_test_setup(where_recovery_entries_are_made_they_do_not_get_ours, setup),
		cmocka_unit_test_setup(arguments_that_are_set_elsewhere_reach_the_menu, setup),
		cmocka_unit_test_setup(bls_entries_and_the_templates_of_future_kernels_are_edited,
				       setup),
		cmocka_unit_test_setup(
			the_bls_fallback_is_never_the_default_whatever_the_machine_id, setup),
		cmocka_unit_test_setup(
			a_bls_fallback_that_lost_its_kernel_or_got_our_arguments_is_mended, setup),
		cmocka_unit_test_setup(
			of_several_options_the_first_is_edited_as_grub_takes_no_other, setup),
		cmocka_unit_test_setup(
			an_entry_without_options_keeps_those_it_had_from_the_environment_block,
			setup),
		cmocka_unit_test_setup(
			a_fallback_of_an_entry_with_nothing_but_our_arguments_has_no_empty_options,
			setup),
		cmocka_unit_test_setup(kernelopts_stays_while_nothing_in_it_is_in_our_way, setup),
		cmocka_unit_test_setup(comments_in_the_kernel_command_line_file_stay_comments,
				       setup),
		cmocka_unit_test_setup(tuneds_arguments_behind_ours_are_named, setup),
		cmocka_unit_test_setup(what_stood_there_before_us_stays_when_we_no_longer_want_it,
				       setup),
		cmocka_unit_test_setup(a_dollar_in_an_argument_is_refused_where_entries_are_bls,
				       setup),
		cmocka_unit_test_setup(grub_conf_gets_the_arguments_and_a_fallback_at_its_end,
				       setup),
		cmocka_unit_test_setup(extra_arguments_win_over_what_was_worked_out, setup),
		cmocka_unit_test_setup(stale_recipes_are_named, setup),
		cmocka_unit_test_setup(every_recorded_host_can_be_judged, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
