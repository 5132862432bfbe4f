#include "mount/nodes.h"

#include <gtest/gtest.h>

namespace dozo::mount {
namespace {

TEST(Nodes, have_paths_below_the_share) {
  Nodes nodes;
  const NodeId folder = nodes.look_up(kRootNode, "folder");
  const NodeId file = nodes.look_up(folder, "file");
  EXPECT_EQ(nodes.path(kRootNode), "");
  EXPECT_EQ(nodes.path(file), "folder\\file");
  EXPECT_EQ(nodes.path(folder, "other"), "folder\\other");
  EXPECT_EQ(nodes.path(kRootNode, "x"), "x");
  EXPECT_EQ(nodes.look_up(folder, "file"), file);
  EXPECT_EQ(nodes.parent(file), folder);
  EXPECT_EQ(nodes.parent(kRootNode), kRootNode);
}

TEST(Nodes, go_when_the_kernel_has_forgotten_them_as_often_as_it_was_told) {
  Nodes nodes;
  const NodeId file = nodes.look_up(kRootNode, "file");
  nodes.look_up(kRootNode, "file");
  nodes.forget(file, 1);
  EXPECT_EQ(nodes.size(), 2u);
  nodes.forget(file, 1);
  EXPECT_EQ(nodes.size(), 1u);
  nodes.forget(file, 1);
  nodes.forget(kRootNode, 100);
  EXPECT_EQ(nodes.path(kRootNode), "");
}

TEST(Nodes, of_folders_stay_while_there_is_something_in_them) {
  Nodes nodes;
  const NodeId folder = nodes.look_up(kRootNode, "folder");
  const NodeId file = nodes.look_up(folder, "file");
  nodes.forget(folder, 1);
  EXPECT_EQ(nodes.path(file), "folder\\file");
  nodes.forget(file, 1);
  EXPECT_EQ(nodes.size(), 1u);
}

TEST(Nodes, of_what_was_removed_have_no_path_and_leave_the_name_to_others) {
  Nodes nodes;
  const NodeId folder = nodes.look_up(kRootNode, "folder");
  const NodeId file = nodes.look_up(folder, "file");
  nodes.remove(kRootNode, "folder");
  EXPECT_EQ(nodes.path(folder), std::nullopt);
  EXPECT_EQ(nodes.path(file), std::nullopt);
  const NodeId again = nodes.look_up(kRootNode, "folder");
  EXPECT_NE(again, folder);
  nodes.forget(file, 1);
  nodes.forget(folder, 1);
  nodes.forget(again, 1);
  EXPECT_EQ(nodes.size(), 1u);
}

TEST(Nodes, that_are_renamed_take_what_is_below_with_them) {
  Nodes nodes;
  const NodeId folder = nodes.look_up(kRootNode, "folder");
  const NodeId file = nodes.look_up(folder, "file");
  const NodeId other = nodes.look_up(kRootNode, "other");
  const NodeId old = nodes.look_up(other, "new");
  nodes.rename(kRootNode, "folder", other, "new");
  EXPECT_EQ(nodes.path(file), "other\\new\\file");
  EXPECT_EQ(nodes.path(old), std::nullopt);
  EXPECT_EQ(nodes.find(kRootNode, "folder"), std::nullopt);
  EXPECT_EQ(nodes.find(other, "new"), folder);
  nodes.rename(other, "new", other, "new");
  EXPECT_EQ(nodes.path(folder), "other\\new");
}

}  // namespace
}  // namespace dozo::mount
