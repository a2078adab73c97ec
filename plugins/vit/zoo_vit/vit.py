"""The Vision Transformer, all of it in this file.

Dosovitskiy and others: "An image is worth 16x16 words: transformers for image
recognition at scale", 2021. The image is cut into patches; each patch is one token of a
transformer encoder (Vaswani and others, 2017) whose first token, a learned one, is the
image's representation. Equations (1) to (4) are those of section 3.1. Tensors are named
as in timm, so its published weights fit without a table of names.

    >>> model = vit_base_patch16().eval()
    >>> image = torch.randn(1, 3, 224, 224)
    >>> model(image).shape
    torch.Size([1, 1000])
    >>> model.attention_maps(image).shape  # layers, heads, from token, to token
    torch.Size([1, 12, 12, 197, 197])
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

__all__ = [
    "Attention",
    "Block",
    "Mlp",
    "PatchEmbed",
    "VisionTransformer",
    "vit",
    "vit_base_patch16",
]

EPSILON = 1e-6  # of the layer normalizations, as in the paper's code


class PatchEmbed(nn.Module):
    """Cut an image into patches, and project each to a vector: x_p E of equation (1).

    A convolution whose stride is its size does both. With `stem_channels` the patches
    are those of a small convolutional network's feature map (section 3.1, "Hybrid
    architecture"): each of its 3x3 convolutions halves the image, as Xiao and others
    propose in "Early convolutions help transformers see better", 2021, and the patch is
    as many pixels of the feature map as are left of `patch_size`.
    """

    def __init__(
        self, *, patch_size: int, embed_dim: int, stem_channels: Sequence[int] = ()
    ) -> None:
        super().__init__()
        if stem_channels:
            self.backbone = _stem(stem_channels)
        left = patch_size // 2 ** len(stem_channels)
        channels = stem_channels[-1] if stem_channels else 3
        self.proj = nn.Conv2d(channels, embed_dim, left, stride=left)

    def forward(self, image: Tensor) -> Tensor:
        """Turn (B, 3, H, W) into (B, patches, embed_dim), row by row."""
        if hasattr(self, "backbone"):
            image = self.backbone(image)
        patches: Tensor = self.proj(image)  # -> (B, embed_dim, rows, columns)
        return patches.flatten(2).transpose(1, 2)


class Attention(nn.Module):
    """Multi-head self-attention, appendix A: every token attends to all."""

    def __init__(self, *, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)  # [q, k, v] = z U_qkv      (5)
        self.proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, z: Tensor) -> Tensor:
        """Return MSA(z) = [SA_1(z); ...; SA_k(z)] U_msa, (B, N, D), equation (8)."""
        query, key, value = self._qkv(z)
        # SA(z) = A v, equations (6) and (7), by torch's fused kernel
        heads = scaled_dot_product_attention(query, key, value)
        output: Tensor = self.proj(heads.transpose(1, 2).flatten(2))
        return output

    def maps(self, z: Tensor) -> Tensor:
        """Return A = softmax(q k^T / sqrt(D_h)), (B, heads, N, N), equation (6).

        Row i says how much of each token's value goes into token i; it sums to one.
        """
        query, key, _ = self._qkv(z)
        scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5
        weights: Tensor = scores.softmax(dim=-1)
        return weights

    def _qkv(self, z: Tensor) -> tuple[Tensor, ...]:
        """Return queries, keys and values, (B, heads, N, D_h) each."""
        batch_size, count, _ = z.shape
        qkv = self.qkv(z).view(batch_size, count, 3, self.num_heads, -1)
        return tuple(qkv.permute(2, 0, 3, 1, 4).unbind(0))


class Mlp(nn.Module):
    """Two linear layers with a GELU between them, for each token by itself."""

    def __init__(self, *, embed_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(embed_dim, hidden_dim)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden_dim, embed_dim)

    def forward(self, z: Tensor) -> Tensor:
        """Turn (B, N, D) into (B, N, D)."""
        output: Tensor = self.fc2(self.act(self.fc1(z)))
        return output


class Block(nn.Module):
    """One encoder layer: attention and an MLP, each normalized before and added."""

    def __init__(self, *, embed_dim: int, num_heads: int, mlp_ratio: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dim, eps=EPSILON)
        self.attn = Attention(embed_dim=embed_dim, num_heads=num_heads)
        self.norm2 = nn.LayerNorm(embed_dim, eps=EPSILON)
        self.mlp = Mlp(embed_dim=embed_dim, hidden_dim=int(embed_dim * mlp_ratio))

    def forward(self, z: Tensor) -> Tensor:
        """Turn (B, N, D) into (B, N, D)."""
        z = z + self.attn(self.norm1(z))  # z'_l = MSA(LN(z_{l-1})) + z_{l-1}     (2)
        z = z + self.mlp(self.norm2(z))  # z_l = MLP(LN(z'_l)) + z'_l              (3)
        return z


class VisionTransformer(nn.Module):
    """Patches, a class token and positions; encoder layers; one linear layer."""

    def __init__(
        self,
        *,
        image_size: int,
        patch_size: int,
        embed_dim: int,
        depth: int,
        num_heads: int,
        mlp_ratio: float = 4.0,
        stem_channels: Sequence[int] = (),
        classes: int,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        patches = (image_size // patch_size) ** 2
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + patches, embed_dim))
        self.patch_embed = PatchEmbed(
            patch_size=patch_size, embed_dim=embed_dim, stem_channels=stem_channels
        )
        self.blocks = nn.Sequential(
            *(
                Block(embed_dim=embed_dim, num_heads=num_heads, mlp_ratio=mlp_ratio)
                for _ in range(depth)
            )
        )
        self.norm = nn.LayerNorm(embed_dim, eps=EPSILON)
        self.head = nn.Linear(embed_dim, classes)
        self.apply(_init_weights)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        nn.init.normal_(self.cls_token, std=1e-6)

    def forward(self, image: Tensor) -> Tensor:
        """Turn normalized pixels, (B, 3, size, size), into logits, (B, classes).

        Raises ValueError for images of another size than the position embeddings'.
        """
        z = self.blocks(self.embed(image))
        y = self.norm(z)[:, 0]  # y = LN(z_L^0), the class token's                 (4)
        logits: Tensor = self.head(y)
        return logits

    def embed(self, image: Tensor) -> Tensor:
        """Return the first layer's input, (B, 1 + patches, D), equation (1).

        Raises ValueError for images of another size than the position embeddings'.
        """
        if image.shape[-2:] != (self.image_size, self.image_size):
            raise ValueError(
                f"This Vision Transformer has positions for images of "
                f"{self.image_size}x{self.image_size} pixels, and was given "
                f"{image.shape[-2]}x{image.shape[-1]}. Resize them first."
            )
        # z_0 = [x_class; x_p^1 E; ...; x_p^N E] + E_pos                           (1)
        token = self.cls_token.expand(len(image), -1, -1)
        return torch.cat((token, self.patch_embed(image)), dim=1) + self.pos_embed

    @torch.no_grad()
    def attention_maps(self, image: Tensor) -> Tensor:
        """Return the softmax of every layer and head, (B, layers, heads, N, N).

        `maps[b, l, h, 0, 1:]` is how much the class token takes from each patch, row by
        row, in head h of layer l; with a reshape it is a picture. The entries of a row
        sum to one. N is one more than the patches: the class token comes first.
        """
        z, maps = self.embed(image), []
        for block in self.blocks:
            assert isinstance(block, Block)
            maps.append(block.attn.maps(block.norm1(z)))
            z = block(z)
        return torch.stack(maps, dim=1)


def vit(
    *,
    image_size: int = 32,
    patch_size: int = 4,
    embed_dim: int = 192,
    depth: int = 6,
    num_heads: int = 3,
    mlp_ratio: float = 4.0,
    stem_channels: Sequence[int] = (),
    classes: int = 10,
) -> VisionTransformer:
    """A Vision Transformer of any size; by default one for small images."""
    return VisionTransformer(
        image_size=image_size,
        patch_size=patch_size,
        embed_dim=embed_dim,
        depth=depth,
        num_heads=num_heads,
        mlp_ratio=mlp_ratio,
        stem_channels=stem_channels,
        classes=classes,
    )


def vit_base_patch16(*, classes: int = 1000) -> VisionTransformer:
    """ViT-B/16 of the paper's table 1, for images of 224x224 pixels: 86 million."""
    return VisionTransformer(
        image_size=224,
        patch_size=16,
        embed_dim=768,
        depth=12,
        num_heads=12,
        classes=classes,
    )


def _stem(channels: Sequence[int]) -> nn.Sequential:
    """Return 3x3 convolutions in a row, each of which halves the image."""
    layers: list[nn.Module] = []
    for in_channels, out_channels in zip((3, *channels), channels, strict=False):
        conv = nn.Conv2d(in_channels, out_channels, 3, stride=2, padding=1, bias=False)
        layers += [conv, nn.BatchNorm2d(out_channels), nn.ReLU()]
    return nn.Sequential(*layers)


def _init_weights(module: nn.Module) -> None:
    """Initialize linear layers from a truncated normal distribution, biases with 0."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
