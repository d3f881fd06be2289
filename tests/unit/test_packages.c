/* The distribution's packages as a change: what is there, installing, and taking back exactly what
 * came. The package manager is a recorder that plays apt on a status file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/mem.h"
#include "core/packages.h"
#include "tests/lib/engine_host.h"

#define STANZA(name, version, architecture)                                                        \
	"Package: " name "\nStatus: install ok installed\nArchitecture: " architecture             \
	"\nVersion: " version "\n\n"

static const char before[] = STANZA("dpkg", "1.21", "amd64") STANZA("libc6", "2.36-9", "amd64")
	STANZA("libc6", "2.36-9", "i386") "Package: gone\nStatus: deinstall ok config-files\n"
					  "Version: 1\n\n";
static const char after[] = STANZA("bc", "1.07", "amd64") STANZA("dpkg", "1.21", "amd64")
	STANZA("gcc", "12.2", "amd64") STANZA("libc6", "2.36-10", "amd64")
		STANZA("libc6", "2.36-9", "i386") STANZA("libcc1-0", "12.2", "amd64");

/* ---- the status file ---- */

static void what_is_installed_is_read_with_foreign_architectures_named(void **state)
{
	(void)state;
	kh_auto(kh_packages_done) struct kh_packages packages = {0};
	kh_packages_parse_status(before, &packages);
	assert_int_equal(packages.count, 3);
	assert_true(kh_packages_has(&packages, "libc6"));
	assert_true(kh_packages_has(&packages, "libc6:i386"));
	assert_false(kh_packages_has(&packages, "gone"));
	kh_packages_done(&packages);
	kh_packages_parse_status("", &packages);
	assert_int_equal(packages.count, 0);
	assert_false(kh_packages_has(&packages, "dpkg"));
}

static void the_manager_is_found_by_looking(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_empty(&f);
	assert_int_equal(kh_packages_manager(&f.root), KH_PACKAGES_NONE);
	fixture_put_mode(&f, "/usr/bin/yum", "", 0755);
	assert_int_equal(kh_packages_manager(&f.root), KH_PACKAGES_DNF);
	fixture_put_mode(&f, "/usr/bin/apt-get", "", 0755);
	assert_int_equal(kh_packages_manager(&f.root), KH_PACKAGES_APT);
	fixture_close(&f);
}

/* ---- through the engine ---- */

static const char *simulated; /* what apt-get -s says */
static bool fails;            /* the install */

static int play(struct kh_runner *runner, const char *const *argv, unsigned timeout_s,
		struct kh_run_result *ret_result, struct kh_error *err)
{
	(void)timeout_s;
	(void)err;
	struct engine_host *host = runner->data;
	kh_auto(kh_str_done) struct kh_str line = {0};
	for (size_t i = 0; argv[i]; i++)
		kh_str_addf(&line, "%s%s", i ? " " : "", argv[i]);
	kh_strv_add(&host->ran, kh_str_text(&line));
	bool is_install = strstr(kh_str_text(&line), " install ") != NULL;
	if (is_install)
		fixture_put(&host->fixture, "/var/lib/dpkg/status", after);
	ret_result->status = is_install && fails ? 100 : 0;
	ret_result->output = kh_strdup(strstr(kh_str_text(&line), " -s ") ? simulated : "E: no\n");
	return 0;
}

static int plan(const struct kh_context *context, struct kh_plan *ret_plan, struct kh_error *err)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	kh_auto(kh_packages_done) struct kh_packages now = {0};
	kh_packages_read(context->root, &now);
	if (!kh_packages_has(&now, "gcc"))
		kh_strv_add(&names, "gcc");
	if (!kh_packages_has(&now, "bc"))
		kh_strv_add(&names, "bc");
	return kh_plan_packages(ret_plan, &names, NULL, "to build", err);
}

static const struct kh_stage stage = {.name = "packages", .phase = KH_PHASE_PREPARE, .plan = plan};
const struct kh_stage *const kh_stages[] = {&stage, NULL};

static struct engine_host *open_host(void)
{
	struct engine_host *host = engine_host_open();
	host->runner.run = play;
	host->fixture.root.is_live = true;
	fixture_put_mode(&host->fixture, "/usr/bin/apt-get", "", 0755);
	fixture_put(&host->fixture, "/var/lib/dpkg/status", before);
	simulated = "";
	fails = false;
	return host;
}

static void they_are_installed_and_then_nothing_is_pending(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	assert_int_equal(engine_host_pending(host), 1);
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_int_equal(engine_host_pending(host), 0);
	assert_int_equal(host->ran.count, 2);
	assert_string_equal(host->ran.items[0], "apt-get -q -y -o DPkg::Lock::Timeout=300 update");
	assert_string_equal(host->ran.items[1],
			    "apt-get -q -y -o DPkg::Lock::Timeout=300 -o "
			    "Dpkg::Options::=--force-confold --no-install-recommends --no-remove "
			    "install gcc bc");
	engine_host_close(host);
}

static void undo_removes_exactly_what_came_and_says_what_it_cannot(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_strv_done(&host->ran);
	simulated = "Purg gcc [12.2]\nPurg libcc1-0 [12.2]\nPurg bc [1.07]\n";
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 2);
	assert_string_equal(host->ran.items[0], "apt-get -q -s -o APT::Get::AutomaticRemove=false "
						"purge bc gcc libcc1-0");
	assert_string_equal(host->ran.items[1],
			    "apt-get -q -y -o DPkg::Lock::Timeout=300 -o "
			    "APT::Get::AutomaticRemove=false purge bc gcc libcc1-0");
	assert_int_equal(host->warnings.count, 1);
	assert_string_equal(host->warnings.items[0],
			    "1 package that was there before keeps the newer version");
	engine_host_close(host);
}

static void what_came_later_and_needs_them_keeps_them(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_strv_done(&host->ran);
	simulated = "Purg mine [1]\nPurg gcc [12.2]\nPurg libcc1-0 [12.2]\nPurg bc [1.07]\n";
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 1);
	assert_string_equal(host->warnings.items[0],
			    "3 packages stay: mine came since and needs some of them; 1 package "
			    "that was there before keeps the newer version");
	engine_host_close(host);
}

static void what_somebody_removed_already_is_no_matter(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	kh_strv_done(&host->ran);
	fixture_put(&host->fixture, "/var/lib/dpkg/status", before);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 0);
	engine_host_close(host);
}

static void an_install_that_fails_is_the_result_and_what_came_is_undone(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	kh_auto(kh_free) char *message = NULL;
	fails = true;
	assert_int_equal(engine_host_apply(host, NULL, &message), KH_PROGRAM);
	assert_string_equal(message, "stage 'packages': install packages: run 'apt-get': exit "
				     "status 100: E: no");
	kh_strv_done(&host->ran);
	assert_int_equal(engine_host_undo(host, 0, false, NULL), KH_OK);
	assert_int_equal(host->ran.count, 2);
	assert_non_null(strstr(host->ran.items[1], "purge bc gcc libcc1-0"));
	engine_host_close(host);
}

static void cut_off_only_what_was_asked_for_goes(void **state)
{
	(void)state;
	kh_auto(kh_free) char *note = NULL;
	struct engine_host *host = open_host();
	fixture_put(&host->fixture, "/var/lib/dpkg/status", after);
	json_t *asked = json_pack("[s, s]", "gcc", "make");
	kh_packages_remove(&host->fixture.root, &host->runner, asked, NULL, &note);
	json_decref(asked);
	assert_int_equal(host->ran.count, 2);
	assert_non_null(strstr(host->ran.items[1], " purge gcc"));
	assert_string_equal(note, "installing was cut off: packages that came along with them stay "
				  "('apt-get autoremove' finds them)");
	engine_host_close(host);
}

static void what_a_power_cut_left_half_installed_is_carried_on_first(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	fixture_put(&host->fixture, "/var/lib/dpkg/updates/0001", "x");
	assert_int_equal(engine_host_apply(host, NULL, NULL), KH_OK);
	assert_string_equal(host->ran.items[0], "dpkg --force-confold --configure -a");
	engine_host_close(host);
}

static void a_directory_of_packages_is_the_only_source_then(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	json_t *details = NULL;
	kh_strv_add(&names, "gcc");
	fixture_put(&host->fixture, "/run/README", "");
	assert_int_equal(kh_packages_install(&host->fixture.root, &host->runner, &names,
					     "/srv/bundle/packages", &details, &err),
			 0);
	json_decref(details);
	kh_auto(kh_free) char *list = fixture_get(&host->fixture, "/run/kvmhost-apt/kvmhost.list");
	assert_string_equal(list, "deb [trusted=yes] file:/srv/bundle/packages ./\n");
	assert_non_null(strstr(host->ran.items[1], "-o Dir::Etc::sourceparts=- "));
	engine_host_close(host);
}

static void below_another_root_it_is_left_to_do(void **state)
{
	(void)state;
	struct engine_host *host = open_host();
	host->fixture.root.is_live = false;
	struct kh_outcome outcome = {0};
	assert_int_equal(engine_host_apply(host, &outcome, NULL), KH_OK);
	assert_int_equal(outcome.plan.change_count, 0);
	assert_int_equal(outcome.plan.note_count, 1);
	assert_string_equal(outcome.plan.notes[0].text,
			    "left to do: install packages gcc bc (to build)");
	kh_outcome_done(&outcome);
	assert_int_equal(host->ran.count, 0);
	engine_host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_installed_is_read_with_foreign_architectures_named),
		cmocka_unit_test(the_manager_is_found_by_looking),
		cmocka_unit_test(they_are_installed_and_then_nothing_is_pending),
		cmocka_unit_test(undo_removes_exactly_what_came_and_says_what_it_cannot),
		cmocka_unit_test(what_came_later_and_needs_them_keeps_them),
		cmocka_unit_test(what_somebody_removed_already_is_no_matter),
		cmocka_unit_test(an_install_that_fails_is_the_result_and_what_came_is_undone),
		cmocka_unit_test(cut_off_only_what_was_asked_for_goes),
		cmocka_unit_test(what_a_power_cut_left_half_installed_is_carried_on_first),
		cmocka_unit_test(a_directory_of_packages_is_the_only_source_then),
		cmocka_unit_test(below_another_root_it_is_left_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
