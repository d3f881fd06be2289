/* bridge_cloud.c - cloud-init must not write the network over ours. */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/yaml.h"
#include "stages/bridge.h"

static const char cloud_path[] = "/etc/cloud/cloud.cfg.d/99-kvmhost-network.cfg";

/* What the file says about it: 1 on, 0 off, -1 nothing, or nothing that can be read. */
static int network_in(const char *path, const char *text)
{
	kh_auto(kh_error_done) struct kh_error ignored = KH_ERROR_INIT;
	kh_auto(kh_yaml_done) struct kh_yaml yaml = {0};
	if (!text || kh_yaml_load(path, NULL, text, strlen(text), &yaml, &ignored) != 0)
		return -1;
	const struct kh_yaml_node *network = kh_yaml_get(yaml.top, "network");
	const struct kh_yaml_node *config = network ? kh_yaml_get(network, "config") : NULL;
	if (!config)
		return -1;
	return config->kind != KH_YAML_SCALAR || strcmp(config->text, "disabled") != 0;
}

/* cloud-init writes the network configuration at boot, over ours, unless it is told not to. Of
 * several files the last one counts. Source: cloud-init, network configuration; its util.py
 * (read_conf_with_confd). */
static bool has_cloud_init(const struct kh_net_view *view)
{
	kh_auto(kh_strv_done) struct kh_strv names = {0};
	int network = 1;
	if (!kh_root_exists(view->root, "/etc/cloud/cloud.cfg") ||
	    kh_root_exists(view->root, "/etc/cloud/cloud-init.disabled"))
		return false;
	kh_net_view_list(view, "/etc/cloud/cloud.cfg.d", &names);
	for (size_t i = 0; i < names.count; i++) {
		kh_auto(kh_free) char *path =
			kh_printf("/etc/cloud/cloud.cfg.d/%s", names.items[i]);
		kh_auto(kh_free) char *text = kh_net_view_text(view, path);
		int found = kh_str_ends(names.items[i], ".cfg") ? network_in(path, text) : -1;
		network = found >= 0 ? found : network;
	}
	return network != 0;
}

/* It stands before all others: the manager's files must not change while cloud-init owns them. */
static void put_cloud_first(struct kh_net_answer *answer)
{
	kh_net_answer_edit(
		answer, cloud_path,
		"# Made by kvmhost (stage bridge): the network is configured by hand now.\n"
		"network: {config: disabled}\n",
		0, "cloud-init would write its own network configuration at boot");
	struct kh_net_edit last = answer->edits[answer->edit_count - 1];
	for (size_t i = answer->edit_count - 1; i > 0; i--)
		answer->edits[i] = answer->edits[i - 1];
	answer->edits[0] = last;
}

void kh_bridge_stop_cloud_init(const struct kh_net_view *view, struct kh_net_answer *answer)
{
	if (has_cloud_init(view))
		put_cloud_first(answer);
}
