/* The recipe of the kernel, on a tree whose Makefile has the targets of the kernel's and takes no
 * time. What the real one does with its Kconfig is for kconfig's tests and check-build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "core/engine.h"
#include "platform/kernel_build.h"
#include "platform/kernel_steps.h"
#include "tests/lib/fixture.h"

/* olddefconfig loses LOST, as the real one does, with exit status 0. allnoconfig takes what it is
 * given. */
static const char makefile[] =
	"MAKEFLAGS += -rR\n"
	"O ?= .\n"
	"defconfig:\n\t@echo 'CONFIG_DEFAULT=y' > $(O)/.config; echo 'CONFIG_MODULES=y' >> $(O)/.config\n"
	"olddefconfig:\n\t@grep -v LOST $(O)/.config > $(O)/new; mv $(O)/new $(O)/.config; touch "
	"$(O)/olddefconfig\n"
	"allnoconfig:\n\t@grep -v LOST $(KCONFIG_ALLCONFIG) > $(O)/.config; touch $(O)/allnoconfig\n"
	"prepare:\n\t@:\n"
	"all:\n\t@echo '  CC      a.o'; echo '  CC [M]  b.o'; echo 'make: nothing'; "
	"echo image > $(O)/bzImage; echo map > $(O)/System.map; : > $(O)/vmlinux.o; "
	"env | grep KBUILD | sort > $(O)/environment\n"
	"kernelrelease:\n\t@echo 6.1.176-test\n"
	"image_name:\n\t@echo bzImage\n"
	"modules_install:\n\t@d=$(INSTALL_MOD_PATH)/lib/modules/6.1.176-test; mkdir -p $$d/kernel; "
	"ln -s /nowhere $$d/build; ln -s /nowhere $$d/source; : > $$d/modules.order; "
	": > $$d/modules.builtin; depmod -b $(INSTALL_MOD_PATH) 6.1.176-test\n";

static const char kconfig[] = "mainmenu \"Linux\"\n\nconfig MODULES\n\tbool \"modules\"\n\n"
			      "config GOOD\n\tbool \"good\"\n\nconfig PARENT\n\tbool \"parent\"\n\n"
			      "config LOST\n\tbool \"lost\"\n\tdepends on PARENT\n\n"
			      "config LOCALVERSION\n\tstring \"version\"\n\n"
			      "config LOCALVERSION_AUTO\n\tbool \"auto\"\n";

static const char record[] =
	"{\"format\": 1, \"program\": \"kernel\", \"wanted\": \"distro\", \"version\": "
	"\"6.1.176\", \"provider\": \"distro\", \"digest\": \"1111\", \"tree\": "
	"\"/store/sources/kernel-1\", \"files\": [{\"name\": \"linux.tar.xz\", \"role\": "
	"\"archive\", \"size\": 1, \"sha256\": \"00\", \"urls\": []}]}";

struct host {
	struct fixture f;
	struct kh_config config;
	struct kh_facts facts;
	struct kh_context context;
	char *warning; /* the last one */
	size_t steps, first_count, last_count;
};

static struct kh_sink sink;

static void take_event(struct kh_sink *self, const struct kh_event *event)
{
	struct host *host = self->data;
	if (event->kind == KH_EVENT_PROGRESS)
		host->steps = event->index;
	if (event->kind == KH_EVENT_PROGRESS && host->first_count == 0)
		host->first_count = event->count;
	if (event->kind == KH_EVENT_PROGRESS)
		host->last_count = event->count;
	if (event->kind != KH_EVENT_WARNING)
		return;
	free(host->warning);
	host->warning = kh_strdup(event->text);
}

/* base: as in the configuration; FILE stands for a file beside it. */
static void open_host(struct host *host, const char *base, const char *fragment)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	*host = (struct host){0};
	fixture_open_empty(&host->f);
	chmod(host->f.path, 0755);
	host->f.root.is_live = true;
	kh_auto(kh_free) char *file = kh_printf("%s/base.config", host->f.path);
	kh_auto(kh_free) char *yaml =
		kh_printf("build: {store: /store, ccache: off, jobs: 1}\n"
			  "kernel: {base: %s, fragments: [/site.config], localversion: -test}\n",
			  strcmp(base, "FILE") == 0 ? file : base);
	if (kh_config_load_text("kvmhost.yaml", yaml, strlen(yaml), NULL, &host->config, &err) != 0)
		fail_msg("%s", err.message);
	fixture_put(&host->f, "/base.config", "CONFIG_MODULES=y\n");
	fixture_put(&host->f, "/site.config", fragment);
	fixture_put(&host->f, "/etc/os-release", "ID=debian\nVERSION_ID=12\n");
	fixture_put_mode(&host->f, "/usr/bin/gcc", "a compiler\n", 0755);
	fixture_put_mode(&host->f, "/usr/bin/ld", "a linker\n", 0755);
	fixture_put(&host->f, "/store/sources/kernel.json", record);
	fixture_put(&host->f, "/store/sources/kernel-1/Makefile", makefile);
	fixture_put(&host->f, "/store/sources/kernel-1/Kconfig", kconfig);
	fixture_put(&host->f, "/store/sources/kernel-1/COPYING", "GPL-2.0\n");
	kh_facts_collect(&host->f.root, &host->facts);
	host->context = (struct kh_context){
		.config = &host->config, .facts = &host->facts, .root = &host->f.root};
	sink = (struct kh_sink){.event = take_event, .data = host};
}

static void close_host(struct host *host)
{
	free(host->warning);
	kh_facts_done(&host->facts);
	kh_config_done(&host->config);
	fixture_close(&host->f);
}

/* The real recipe asks for 6 GiB; this tree takes nothing. */
static int build(struct host *host, bool wants_rederive, struct kh_error *err)
{
	struct kh_recipe recipe = kh_recipe_kernel;
	recipe.needs_mib = 0;
	struct kh_making making = {.root = &host->f.root,
				   .config = &host->config,
				   .facts = &host->facts,
				   .runner = &kh_run_system,
				   .sink = &sink,
				   .stage = "kernel"};
	return kh_recipe_make(&recipe, &making, wants_rederive, err);
}

static void must_build(struct host *host, bool wants_rederive)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (build(host, wants_rederive, &err) != 0)
		fail_msg("%s", err.message);
}

static void find(struct host *host, struct kh_artifact *ret_artifact)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (kh_recipe_find(&host->context, &kh_recipe_kernel, ret_artifact, &err) != 0)
		fail_msg("there is no artifact");
}

static char *file_of(const struct host *host, const struct kh_artifact *artifact, const char *name)
{
	kh_auto(kh_free) char *path = kh_printf("%s/%s", artifact->tree, name);
	return fixture_get(&host->f, path);
}

/* Builds run under the names of the host's programs. */
static bool can_build(void)
{
	static const char *const programs[] = {"make", "depmod", "gcc", "ld"};
	kh_auto(kh_root_done) struct kh_root here = KH_ROOT_INIT;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	bool has_all = kh_root_open("/", &here, &err) == 0;
	for (size_t i = 0; i < KH_COUNT(programs); i++) {
		kh_auto(kh_free) char *path = kh_root_which(&here, programs[i]);
		has_all = has_all && path;
	}
	return has_all;
}

static void a_kernel_is_staged_with_its_modules_and_its_record(void **state)
{
	(void)state;
	struct host host;
	struct stat status;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	if (!can_build())
		skip();
	open_host(&host, "FILE", "CONFIG_GOOD=y\n");
	must_build(&host, false);
	find(&host, &artifact);
	kh_auto(kh_free) char *image = file_of(&host, &artifact, "boot/vmlinuz-6.1.176-test");
	kh_auto(kh_free) char *config = file_of(&host, &artifact, "boot/config-6.1.176-test");
	kh_auto(kh_free) char *map = kh_printf("%s/boot/System.map-6.1.176-test", artifact.tree);
	kh_auto(kh_free) char *link = kh_printf("%s/lib/modules/6.1.176-test/build", artifact.tree);
	assert_string_equal(image, "image\n");
	assert_non_null(strstr(config, "CONFIG_MODULES=y\n"));
	assert_non_null(strstr(config, "CONFIG_GOOD=y\n"));
	assert_non_null(strstr(config, "CONFIG_LOCALVERSION=\"-test\"\n"));
	assert_int_equal(kh_root_stat(&host.f.root, map, false, &status, &err), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(kh_root_stat(&host.f.root, link, false, &status, &err), 1);
	const json_t *about = json_object_get(artifact.manifest, "about");
	assert_string_equal(kh_json_get(about, "release"), "6.1.176-test");
	assert_true(json_is_false(json_object_get(about, "incremental")));
	assert_true(json_is_false(json_object_get(about, "signed")));
	assert_int_equal(json_integer_value(json_object_get(about, "steps")), 2);
	assert_int_equal(host.steps, 2);
	/* make -n prints one line with an echo; 50 for what it cannot see */
	assert_int_equal(host.first_count, 51);
	assert_int_equal(host.last_count, 2);
	assert_true(json_is_object(json_object_get(about, "covers")));
	close_host(&host);
}

/* Same source and configuration, same kernel: nothing of the time, the host or the account. */
static void nothing_of_the_moment_goes_into_the_kernel(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	if (!can_build())
		skip();
	open_host(&host, "FILE", "CONFIG_GOOD=y\n");
	must_build(&host, false);
	kh_root_list(&host.f.root, "/store/build", &names);
	kh_auto(kh_free) char *path = kh_printf("/store/build/%s/environment", names.items[1]);
	kh_auto(kh_free) char *text = fixture_get(&host.f, path);
	assert_non_null(strstr(text, "KBUILD_BUILD_HOST=kvmhost\n"));
	assert_non_null(strstr(text, "KBUILD_BUILD_USER=kvmhost\n"));
	assert_non_null(strstr(text, "KBUILD_BUILD_VERSION=1\n"));
	assert_non_null(strstr(text, "KBUILD_BUILD_TIMESTAMP="));
	close_host(&host);
}

static void a_lost_option_stops_the_build_and_says_why(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (!can_build())
		skip();
	open_host(&host, "FILE", "CONFIG_GOOD=y\nCONFIG_LOST=y\n");
	assert_int_equal(build(&host, false, &err), -1);
	assert_int_equal(err.code, KH_HOST);
	assert_non_null(strstr(err.message, "kernel 6.1.176: 1 option did not become what was "
					    "asked for:\nLOST (/site.config:2): wanted y, got n: "
					    "it depends on PARENT, which is n"));
	assert_int_equal(host.steps, 0);
	close_host(&host);
}

static void an_optional_one_only_warns(void **state)
{
	(void)state;
	struct host host;
	if (!can_build())
		skip();
	open_host(&host, "FILE", "CONFIG_GOOD=y\n#: optional\nCONFIG_LOST=y\n");
	must_build(&host, false);
	assert_non_null(strstr(host.warning, "optional kernel options were lost:\nLOST"));
	close_host(&host);
}

static void defconfig_is_the_tree_s_own(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_artifact_done) struct kh_artifact artifact = {0};
	if (!can_build())
		skip();
	open_host(&host, "defconfig", "CONFIG_GOOD=y\n");
	must_build(&host, false);
	find(&host, &artifact);
	kh_auto(kh_free) char *config = file_of(&host, &artifact, "boot/config-6.1.176-test");
	assert_non_null(strstr(config, "CONFIG_DEFAULT=y\n"));
	assert_non_null(strstr(config, "CONFIG_GOOD=y\n"));
	close_host(&host);
}

/* The running configuration changes with every kernel that is booted; the base does not. */
static void a_derived_base_is_kept_until_it_is_asked_for_anew(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_artifact_done) struct kh_artifact first = {0}, same = {0}, anew = {0};
	if (!can_build())
		skip();
	open_host(&host, "running", "CONFIG_GOOD=y\n");
	free(host.facts.os.kernel_release);
	host.facts.os.kernel_release = kh_strdup("5.10");
	fixture_put(&host.f, "/boot/config-5.10",
		    "CONFIG_MODULES=y\nCONFIG_RUNNING=y\n"
		    "CONFIG_SYSTEM_TRUSTED_KEYS=\"debian/x.pem\"\n");
	must_build(&host, false);
	find(&host, &first);
	kh_auto(kh_free) char *config = file_of(&host, &first, "boot/config-6.1.176-test");
	assert_non_null(strstr(config, "CONFIG_RUNNING=y\n"));
	fixture_put(&host.f, "/boot/config-5.10", "CONFIG_MODULES=y\nCONFIG_OTHER=y\n");
	find(&host, &same);
	assert_string_equal(first.key, same.key);
	must_build(&host, true);
	find(&host, &anew);
	assert_string_not_equal(first.key, anew.key);
	kh_auto(kh_free) char *other = file_of(&host, &anew, "boot/config-6.1.176-test");
	assert_non_null(strstr(other, "CONFIG_OTHER=y\n"));
	close_host(&host);
}

static void a_running_configuration_that_is_not_there_is_refused(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, "running", "CONFIG_GOOD=y\n");
	assert_int_equal(build(&host, false, &err), -1);
	assert_non_null(strstr(err.message, "the running kernel's configuration is not to be "
					    "found"));
	close_host(&host);
}

static void a_changed_fragment_reuses_the_objects(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_artifact_done) struct kh_artifact first = {0}, second = {0};
	if (!can_build())
		skip();
	open_host(&host, "FILE", "CONFIG_GOOD=y\n");
	must_build(&host, false);
	find(&host, &first);
	fixture_put(&host.f, "/site.config",
		    "# Another reason is no other kernel.\nCONFIG_GOOD=y\n");
	find(&host, &second);
	assert_string_equal(first.key, second.key);
	kh_artifact_done(&second);
	fixture_put(&host.f, "/site.config", "CONFIG_GOOD=y\nCONFIG_PARENT=y\n");
	must_build(&host, false);
	find(&host, &second);
	assert_string_not_equal(first.key, second.key);
	assert_true(json_is_true(
		json_object_get(json_object_get(second.manifest, "about"), "incremental")));
	close_host(&host);
}

static void fragments_with_mistakes_are_found_while_planning(void **state)
{
	(void)state;
	struct host host;
	struct kh_plan plan;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, "FILE", "CONFIG_GOOD=maybe\n");
	kh_plan_init(&plan, &host.f.root);
	assert_int_equal(kh_recipe_plan_build(&host.context, &kh_recipe_kernel, &plan, &err), -1);
	assert_int_equal(err.code, KH_CONFIG);
	assert_non_null(strstr(err.message, "/site.config:1:"));
	kh_plan_done(&plan);
	close_host(&host);
}

static void signing_needs_key_certificate_and_program(void **state)
{
	(void)state;
	struct host host;
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	open_host(&host, "FILE", "CONFIG_GOOD=y\n");
	assert_string_equal(kh_kernel_sign_lines(&host.config), "");
	host.config.kernel.mok_key = kh_strdup("/MOK.priv");
	assert_int_equal(kh_kernel_sign_check(&host.context, &err), -1);
	assert_string_equal(err.message, "signing needs 'kernel.mok_certificate', too");
	kh_error_done(&err);
	host.config.kernel.mok_certificate = kh_strdup("/MOK.pem");
	assert_int_equal(kh_kernel_sign_check(&host.context, &err), -1);
	assert_string_equal(err.message, "the kernel cannot be signed: there is no 'sbsign'");
	fixture_put_mode(&host.f, "/usr/bin/sbsign", "", 0755);
	assert_non_null(strstr(kh_kernel_sign_lines(&host.config), "CONFIG_MODULE_SIG_ALL=y\n"));
	assert_int_equal(kh_kernel_sign_check(&host.context, &err), 0);
	close_host(&host);
}

static void a_fragment_is_kept_with_its_conditions_and_reasons(void **state)
{
	(void)state;
	static const char text[] = "\n#: since 5.10, until 6.9, was OLD, optional, vendor amd\n"
				   "# Why it is there.\nCONFIG_A=m\n\n# CONFIG_B is not set\n"
				   "\nCONFIG_C=\"text\"\n";
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_fragment_done) struct kh_fragment fragment = {0};
	assert_int_equal(kh_fragment_parse("f", text, &fragment, &err), 0);
	kh_auto(kh_free) char *again = kh_kernel_fragment_text(&fragment, true);
	assert_string_equal(again, text);
}

/* ---- how many steps there will be ---- */

static size_t steps_of(const char *output)
{
	struct kh_kernel_steps steps = {0};
	kh_auto(kh_strv_done) struct kh_strv lines = {0};
	kh_strv_split_lines(&lines, output);
	for (size_t i = 0; i < lines.count; i++)
		kh_kernel_steps_take(&steps, lines.items[i]);
	return kh_kernel_steps_total(&steps);
}

static void steps_are_counted_from_what_make_would_do(void **state)
{
	(void)state;
	/* as make -n of Linux 6.1 prints them, shortened */
	assert_int_equal(
		steps_of(
			"make --no-silent -C /objects -f /source/Makefile\n"
			"set -e;  echo '  CC      init/main.o';    trap 'rm -f init/main.o; trap - HUP; "
			"kill -s HUP $$' HUP; gcc -c -o init/main.o /source/init/main.c\n"
			"set -e;  echo '  AR      init/built-in.a'; rm -f init/built-in.a\n"
			"set -e;  echo '  CC [M]  drivers/virtio/virtio.o'; gcc -DMODULE -c\n"
			"set -e;     {   echo drivers/virtio/virtio.ko;   echo "
			"drivers/virtio/virtio_ring.ko; :; } > drivers/virtio/modules.order; printf "
			"'%s\\n' 'cmd_drivers/virtio/modules.order := {   echo "
			"drivers/virtio/virtio.ko;   echo drivers/virtio/virtio_ring.ko; :; } > "
			"drivers/virtio/modules.order' > drivers/virtio/.modules.order.cmd\n"
			"set -e;   { :; } > init/modules.order; printf 'cmd_init/modules.order'\n"
			"echo 'done'; :\n"),
		3 + 2 * 2 + 50);
	/* 6.3 and later list objects */
	assert_int_equal(steps_of("  echo '  CC      a.o'; gcc\n"
				  "{ echo drivers/net/dummy.o; :; } > drivers/net/modules.order\n"),
			 1 + 2 + 50);
}

static void when_make_does_not_say_no_total_is_made_up(void **state)
{
	(void)state;
	assert_int_equal(steps_of(""), 0);
	assert_int_equal(steps_of("make: *** No rule to make target 'all'.  Stop.\n"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_counted_from_what_make_would_do),
		cmocka_unit_test(when_make_does_not_say_no_total_is_made_up),
		cmocka_unit_test(a_kernel_is_staged_with_its_modules_and_its_record),
		cmocka_unit_test(nothing_of_the_moment_goes_into_the_kernel),
		cmocka_unit_test(a_lost_option_stops_the_build_and_says_why),
		cmocka_unit_test(an_optional_one_only_warns),
		cmocka_unit_test(defconfig_is_the_tree_s_own),
		cmocka_unit_test(a_derived_base_is_kept_until_it_is_asked_for_anew),
		cmocka_unit_test(a_running_configuration_that_is_not_there_is_refused),
		cmocka_unit_test(a_changed_fragment_reuses_the_objects),
		cmocka_unit_test(fragments_with_mistakes_are_found_while_planning),
		cmocka_unit_test(signing_needs_key_certificate_and_program),
		cmocka_unit_test(a_fragment_is_kept_with_its_conditions_and_reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
