"""What only the Vision Transformers promise; the rest is in zoo.testing."""

from functools import partial
from typing import Any

import pytest
import timm
import torch
from timm.layers import HybridEmbed
from timm.models.vision_transformer import VisionTransformer as TimmVit
from torch import Tensor, nn
from zoo_vit import LABELS
from zoo_vit.vit import EPSILON, PatchEmbed, VisionTransformer, vit, vit_base_patch16

import zoo

SMALL: dict[str, Any] = {
    "patch_size": 4,
    "embed_dim": 48,
    "depth": 3,
    "num_heads": 3,
    "mlp_ratio": 2.0,
}


def of_timm(**options: Any) -> TimmVit:
    """A small one of timm's, for images of 32x32 pixels and ten classes."""
    return TimmVit(img_size=32, num_classes=10, **{**SMALL, **options}).eval()


def images(count: int = 2, size: int = 32) -> Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(0))


def randomized(model: nn.Module) -> dict[str, Tensor]:
    """Draw every tensor of a model, so that no zero hides a difference."""
    generator = torch.Generator().manual_seed(1)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.normal_(std=0.2, generator=generator)
            if name.endswith("running_var"):
                tensor.abs_().add_(0.5)
    return model.state_dict()


@torch.inference_mode()
def test_it_gives_timms_logits_with_timms_weights() -> None:
    """
    A small one, whose every tensor is drawn: all names fit, and the logits agree.
    """
    theirs, ours = of_timm(), vit(**SMALL).eval()
    ours.load_state_dict(randomized(theirs))

    assert torch.allclose(ours(images()), theirs(images()), atol=1e-5)


@torch.inference_mode()
def test_the_base_model_gives_timms_logits_with_timms_weights() -> None:
    """
    ViT-B/16, in its full size, with a head of 1,000 classes.
    """
    theirs = timm.create_model("vit_base_patch16_224").eval()
    with torch.device("meta"):
        ours = vit_base_patch16().eval()
    ours.load_state_dict(theirs.state_dict(), assign=True)
    image = images(1, 224)

    assert torch.allclose(ours(image), theirs(image), atol=1e-5)


@torch.inference_mode()
def test_a_stem_is_timms_hybrid() -> None:
    """
    The network before the patches has timm's place and names in `HybridEmbed`.
    """
    channels = (8, 16)
    backbone = PatchEmbed(patch_size=8, embed_dim=48, stem_channels=channels).backbone
    embedder = partial(HybridEmbed, backbone=backbone)
    theirs = of_timm(patch_size=2, embed_layer=embedder)
    ours = vit(**{**SMALL, "patch_size": 8}, stem_channels=channels).eval()
    ours.load_state_dict(randomized(theirs))

    assert ours.pos_embed.shape == (1, 17, 48)
    assert torch.allclose(ours(images()), theirs(images()), atol=1e-5)


@torch.inference_mode()
def test_the_attention_maps_are_timms() -> None:
    """
    Those that timm's layers compute where torch's fused kernel is turned off.
    """
    theirs, ours = of_timm(), vit(**SMALL).eval()
    ours.load_state_dict(randomized(theirs))
    seen: list[Tensor] = []
    for block in theirs.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda *args: seen.append(args[2]))
    theirs(images())

    maps = ours.attention_maps(images())

    assert maps.shape == (2, 3, 3, 65, 65)
    assert torch.allclose(maps, torch.stack(seen, dim=1), atol=1e-6)
    assert torch.allclose(maps.sum(dim=-1), torch.ones(2, 3, 3, 65))


@torch.inference_mode()
def test_the_maps_are_what_the_layer_uses() -> None:
    """
    Values weighted by a map, and projected, are the output of the fused kernel.
    """
    attention = vit(**SMALL).blocks[0].attn
    z = torch.randn(2, 65, 48)
    value = attention.qkv(z)[..., 96:].view(2, 65, 3, 16).transpose(1, 2)
    heads = attention.maps(z) @ value
    wanted = attention.proj(heads.transpose(1, 2).reshape(2, 65, 48))

    assert torch.allclose(attention(z), wanted, atol=1e-6)


def test_a_patch_is_one_token_in_reading_order() -> None:
    """
    A change in the last patch of the second row changes that token alone.
    """
    model = vit(**SMALL).eval()
    image = images(1)
    changed = image.clone()
    changed[:, :, 4:8, 28:] += 1

    moved = (model.embed(image) - model.embed(changed)).abs().sum(dim=-1)[0]

    assert moved.nonzero().flatten().tolist() == [1 + 8 + 7]


def test_without_positions_the_order_of_patches_does_not_matter() -> None:
    """
    Attention treats its tokens as a set: only the position embeddings tell places.
    """
    model = vit(**SMALL).eval()
    image = images(1)
    swapped = image.clone()
    swapped[:, :, :4, :4], swapped[:, :, 8:12, 4:8] = (
        image[:, :, 8:12, 4:8],
        image[:, :, :4, :4],
    )

    randomized(model)
    assert not torch.allclose(model(image), model(swapped), atol=1e-4)
    nn.init.zeros_(model.pos_embed)
    assert torch.allclose(model(image), model(swapped), atol=1e-5)


def test_the_base_model_has_the_papers_size() -> None:
    """
    Table 1 says 86 million parameters, 12 layers, 12 heads and 768 numbers a token.
    """
    with torch.device("meta"):
        model = vit_base_patch16()

    assert sum(p.numel() for p in model.parameters()) == 86_567_656
    assert (len(model.blocks), model.blocks[0].attn.num_heads) == (12, 12)
    assert model.pos_embed.shape == (1, 14 * 14 + 1, 768)


def test_images_of_another_size_are_refused() -> None:
    """
    The message says which size has positions, and what was given.
    """
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - its text is below
        vit(**SMALL)(torch.zeros(1, 3, 32, 48))

    assert str(refused.value) == (
        "This Vision Transformer has positions for images of 32x32 pixels, and was "
        "given 32x48. Resize them first."
    )


def test_the_normalizations_are_those_of_the_papers_code() -> None:
    """
    An epsilon of a millionth, a tenth of torch's default: published weights want it.
    """
    norms = [m for m in vit(**SMALL).modules() if isinstance(m, nn.LayerNorm)]

    assert len(norms) == 7
    assert {norm.eps for norm in norms} == {EPSILON} == {1e-6}


def test_the_labels_are_those_of_imagenet() -> None:
    """
    As many as the head has, and in timm's order: a few places that are well known.
    """
    known = {0: "tench", 281: "tabby", 310: "ant", 309: "bee", 967: "espresso"}

    assert len(set(LABELS)) == 1000
    assert {number: LABELS[number] for number in known} == known
    assert zoo.get_spec("vit-base-patch16").labels == LABELS


def test_the_build_function_makes_the_class_of_the_file() -> None:
    """
    What the registry builds is readable in one file, and no library's.
    """
    with torch.device("meta"):
        built = zoo.build("vit-base-patch16", classes=2)

    assert type(built) is VisionTransformer
    assert built.head.out_features == 2
