/* put_kernel.c - put_kernel ROOT CONFIG TREE RELEASE [DRIVEN...]: a tree with a kernel becomes an
 * artifact in the store below ROOT, as one that was imported: for scenarios that try a kernel which
 * nobody has to build for them. ROOT needs what the wanted inputs are made from (etc/os-release).
 * DRIVEN are names of modules that the record says are built in, whatever the tree has. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/run.h"
#include "kconfig/cover.h"
#include "platform/recipe.h"

static json_t *about_json(const char *tree, const char *release, char **driven,
			  struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	json_t *covers = NULL;
	if (kh_root_open(tree, &root, err) != 0 ||
	    kh_cover_record(&root, release, NULL, 0, &covers, err) != 0)
		return NULL;
	for (; *driven; driven++)
		json_array_append_new(json_object_get(covers, "builtin"), json_string(*driven));
	return json_pack("{s:s, s:o}", "release", release, "covers", covers);
}

static int publish(const struct kh_context *context, const struct kh_inputs *inputs,
		   const char *tree, json_t *about, struct kh_error *err)
{
	char key[KH_DIGEST_SIZE];
	kh_auto(kh_free) char *into = NULL;
	const char *store = context->config->build.store;
	kh_store_key("kernel", &inputs->wanted, &inputs->made_with, key);
	if (kh_store_begin(context->root, store, key, &into, err) != 0)
		return -1;
	kh_auto(kh_free) char *from = kh_printf("%s/.", tree);
	kh_auto(kh_free) char *to = kh_printf("%s%s", context->root->host_path, into);
	const char *const argv[] = {"cp", "-a", from, to, NULL};
	if (kh_run(&kh_run_system, argv, 120, NULL, err) != 0)
		return -1;
	kh_auto(kh_free) char *distribution = kh_recipe_distribution(context->facts);
	json_t *manifest = json_pack(
		"{s:i, s:s, s:s, s:o, s:o, s:O, s:b}", "format", 1, "program", "kernel",
		"distribution", distribution, "wanted", kh_inputs_json(&inputs->wanted),
		"made_with", kh_inputs_json(&inputs->made_with), "about", about, "is_imported", 1);
	return kh_store_publish(context->root, store, key, manifest, err);
}

static int run(char **argv, struct kh_error *err)
{
	kh_auto(kh_root_done) struct kh_root root = KH_ROOT_INIT;
	kh_auto(kh_config_done) struct kh_config config = {0};
	kh_auto(kh_facts_done) struct kh_facts facts = {0};
	kh_auto(kh_inputs_done) struct kh_inputs inputs = {0};
	struct kh_context context = {.config = &config, .facts = &facts, .root = &root};
	if (kh_root_open(argv[1], &root, err) != 0 ||
	    kh_config_load(&root, argv[2], NULL, &config, err) != 0)
		return -1;
	kh_facts_collect(&root, &facts);
	json_t *about = about_json(argv[3], argv[4], argv + 5, err);
	if (!about || kh_recipe_inputs(&context, &kh_recipe_kernel, NULL, &inputs, err) < 0)
		return -1;
	kh_auto(kh_free) char *text = json_dumps(about, JSON_SORT_KEYS);
	kh_strv_add(&inputs.made_with, "about"); /* so that another record is another artifact */
	kh_strv_add(&inputs.made_with, text);
	int result = publish(&context, &inputs, argv[3], about, err);
	json_decref(about);
	return result;
}

int main(int argc, char **argv)
{
	kh_auto(kh_error_done) struct kh_error err = KH_ERROR_INIT;
	if (argc < 5) {
		fprintf(stderr, "usage: put_kernel ROOT CONFIG TREE RELEASE [DRIVEN...]\n");
		return 2;
	}
	if (run(argv, &err) == 0)
		return 0;
	fprintf(stderr, "put_kernel: %s\n", err.message);
	return 1;
}
