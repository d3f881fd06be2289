/* kernel_base.c - for bench/kernel-size: the configuration of `base: host` as text.
 *
 *     kernel_base TREE VERSION FACTS.json FRAGMENT...     kernel.config on stdout, unknown ones on
 * stderr
 */
#include <stdio.h>

#include "core/base/mem.h"
#include "core/facts_os.h"
#include "kconfig/base.h"
#include "kconfig/kconfig.h"

static int make(char **argv, const struct kh_strv *names, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_hardware_done) struct kh_hardware hardware = {0};
	kh_auto(kh_fragment_done) struct kh_fragment base = {0}, wanted = {0};
	kh_auto(kh_strv_done) struct kh_strv unknown = {0};
	struct kh_makefiles *makefiles = NULL;
	struct kh_kconfig *tree = NULL;
	int version = kh_facts_release_number(argv[2]);
	json_t *facts = json_load_file(argv[3], 0, NULL);
	int status = kh_hardware_from_json(facts, argv[3], &hardware, err);
	json_decref(facts);
	if (status != 0 || kh_root_open("/", &root, err) != 0 ||
	    kh_makefiles_load(argv[1], &makefiles, err) != 0)
		return -1;
	status = kh_base_make(&root, makefiles, version, &hardware, 1, NULL, &base, &unknown, err);
	kh_makefiles_free(makefiles);
	if (status != 0 || kh_fragment_load(&root, names, &wanted, err) != 0 ||
	    kh_kconfig_load(argv[1], "x86", &tree, err) != 0)
		return -1;
	kh_base_append(&base, &wanted);
	kh_auto(kh_free) char *text = kh_fragment_resolve(&base, version, tree);
	kh_kconfig_free(tree);
	fputs(text, stdout);
	for (size_t i = 0; i < unknown.count; i++)
		fprintf(stderr, "unknown: %s\n", unknown.items[i]);
	return 0;
}

int main(int argc, char **argv)
{
	kh_auto(kh_error_done) struct kh_error error = KH_ERROR_INIT;
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	for (int i = 4; i < argc; i++)
		kh_strv_add(&names, argv[i]);
	if (argc >= 4 && make(argv, &names, &error) == 0)
		return 0;
	fprintf(stderr, "kernel_base: %s\n",
		error.message ? error.message : "TREE VERSION FACTS.json FRAGMENT...");
	return 1;
}
