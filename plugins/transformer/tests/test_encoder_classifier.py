"""What only the encoder of reviews promises; the rest is in zoo.testing."""

import pytest
import torch
from torch import Tensor, nn
from zoo_transformer.attention import MultiHeadAttention
from zoo_transformer.baselines import word_logistic_accuracy
from zoo_transformer.encoder_classifier import (
    NORM_EPS,
    EncoderClassifier,
    encoder_classifier,
)
from zoo_transformer.encoder_classifier_report import attention_distance, shuffled
from zoo_transformer.word_tokenizer import last_words, train_word_tokenizer

import zoo
from zoo.recipes.text import encode_batch, pad

NAME = "transformer-imdb"
OWN = {
    "A wonderful film, one of the best I have ever seen.": "pos",
    "What a terrible waste of time. Awful acting and a boring plot.": "neg",
}


@pytest.fixture
def small() -> EncoderClassifier:
    """A classifier with weights that matter, and with two blocks."""
    torch.manual_seed(0)
    made = encoder_classifier(
        vocab_size=50, context_length=9, embed_dim=8, num_layers=2, ff_dim=12
    )
    for parameter in made.parameters():
        nn.init.normal_(parameter, std=0.4)
    return made.eval()


@pytest.fixture
def token() -> Tensor:
    held = torch.randint(1, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    held[1, 5:] = 0
    return held


@pytest.fixture(scope="module")
def model() -> EncoderClassifier:
    loaded = zoo.load(NAME)
    assert isinstance(loaded, EncoderClassifier)
    return loaded


def torchs_encoder(ours: EncoderClassifier) -> nn.TransformerEncoder:
    """Return torch's encoder with a copy of these weights."""
    layer = nn.TransformerEncoderLayer(
        8, 2, 12, dropout=0.0, layer_norm_eps=NORM_EPS, batch_first=True
    )
    made = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    names = {
        "attn.qkv.": "self_attn.in_proj_",
        "attn.out_proj": "self_attn.out_proj",
        "fc1": "linear1",
        "fc2": "linear2",
    }
    held = {}
    for name, tensor in ours.blocks.state_dict().items():
        for old, new in names.items():
            name = name.replace(old, new)
        held[f"layers.{name}"] = tensor
    made.load_state_dict(held)
    return made


@torch.inference_mode()
def test_its_blocks_are_torchs_encoder(small: EncoderClassifier, token: Tensor) -> None:
    """
    With the same weights and padding, to 1e-5; the answer is that of the mean of the
    words alone.
    """
    hidden, padding = small.embed(token)
    wanted = torchs_encoder(small)(hidden, src_key_padding_mask=padding)
    rows = zip(wanted, ~padding, strict=True)
    mean = torch.stack([one[there].mean(dim=0) for one, there in rows])
    found = hidden
    for block in small.blocks:
        found = block(found, padding)

    assert wanted.std() > 0.3
    assert (found - wanted)[~padding].abs().max() < 1e-5
    logits = small.classifier(small.hidden(mean).relu())
    assert torch.allclose(small(token), logits, atol=1e-5)


@torch.inference_mode()
def test_its_maps_are_torchs_weights(small: EncoderClassifier, token: Tensor) -> None:
    """
    Of each head of the first block; nothing goes to padding, and a row sums to one.
    """
    hidden, padding = small.embed(token)
    theirs = torchs_encoder(small).layers[0].self_attn

    wanted = theirs(
        hidden, hidden, hidden, key_padding_mask=padding, average_attn_weights=False
    )[1]
    maps = small.attention_maps(token)

    assert maps.shape == (3, 2, 2, 9, 9)
    assert torch.allclose(maps[:, 0], wanted, atol=1e-6)
    assert maps[1, ..., 5:].abs().max() == 0
    assert torch.allclose(maps.sum(dim=-1), torch.ones(3, 2, 2, 9))


@pytest.mark.parametrize("causal", [False, True])
@torch.inference_mode()
def test_maps_times_values_are_the_attention(causal: bool) -> None:
    """
    Also where a token attends only to those before it.
    """
    torch.manual_seed(0)
    made = MultiHeadAttention(embed_dim=8, num_heads=2, causal=causal)
    hidden = torch.randn(2, 6, 8)
    value = made.qkv(hidden)[..., 16:].view(2, 6, 2, 4).transpose(1, 2)
    heads = made.maps(hidden) @ value

    found = made.out_proj(heads.transpose(1, 2).flatten(2))

    assert torch.allclose(found, made(hidden), atol=1e-6)


@torch.inference_mode()
def test_padding_does_not_change_an_answer(
    small: EncoderClassifier, token: Tensor
) -> None:
    """
    A review gives the same alone as beside a longer one, and one without a word gives
    numbers.
    """
    assert torch.allclose(small(token[1:2, :5]), small(token)[1:2], atol=1e-6)
    assert small(torch.zeros(1, 4, dtype=torch.long)).isfinite().all()


def test_a_tokenizer_keeps_the_last_words_of_a_review() -> None:
    """
    Frequent words have the first numbers, and the baseline reads the same words.
    """
    texts = ["It's GOOD!<br /><br />good", "good, it's 10"]
    made = train_word_tokenizer(texts, vocab_size=5, max_length=3)

    assert made.get_vocab() == {"[PAD]": 0, "[UNK]": 1, "good": 2, "it's": 3, "!": 4}
    assert made.encode(texts[0]).tokens == ["good", "!", "good"]
    assert last_words(texts[0], 3) == "good ! good"


def test_words_are_mixed_within_a_review(token: Tensor) -> None:
    """
    The same words stand in another order, and padding stays at the end.
    """
    mixed = shuffled(token)

    assert torch.equal(mixed.sort(dim=1)[0], token.sort(dim=1)[0])
    assert torch.equal(mixed == 0, token == 0)
    assert not torch.equal(mixed, token)


def test_distances_of_attention() -> None:
    """
    None to oneself, one to a neighbour; alike to three words it is 8 / 9.
    """
    neighbour = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 1, 0]])
    maps = torch.stack([torch.eye(3), neighbour, torch.full((3, 3), 1 / 3)])

    assert attention_distance(maps).tolist() == pytest.approx([0, 1, 8 / 9])


def test_the_baseline_of_reviews_learns_pairs_of_words() -> None:
    """
    Texts of the same words in another order are told apart.
    """
    texts, labels = ["not bad but good", "not good but bad"] * 20, [1, 0] * 20

    assert word_logistic_accuracy((texts, labels), (texts[:2], [1, 0])) == 1.0


def test_maps_of_a_text_are_read_out_as_the_card_says(
    model: EncoderClassifier,
) -> None:
    """
    Four words, in one block with two heads.
    """
    reading = model.zoo.spec.input
    token = pad(encode_batch(["Not bad at all."], reading), reading)

    assert model.attention_maps(token).shape == (1, 1, 2, 4, 4)


@pytest.mark.filterwarnings("ignore::zoo.errors.TruncationWarning")
def test_the_start_of_a_long_review_is_cut(model: EncoderClassifier) -> None:
    """
    The last 200 words alone decide.
    """
    end = "the film was good " * 50
    whole, cut = zoo.predict(model, ["Awful, boring, terrible. " + end, end])

    assert whole.score == pytest.approx(cut.score, abs=1e-6)


@pytest.mark.parametrize("text", OWN)
def test_it_reads_reviews_written_for_this_test(
    model: EncoderClassifier, text: str
) -> None:
    """
    Clear ones are read rightly.
    """
    assert zoo.predict(model, text).label == OWN[text]


def test_it_is_too_sure_of_a_few_words(model: EncoderClassifier) -> None:
    """
    The card says so; a model that reads them rightly needs another card.
    """
    nothing, praise = zoo.predict(model, ["the the the", "Not bad at all."])

    assert (nothing.label, praise.label) == ("pos", "neg")
    assert min(nothing.score, praise.score) > 0.9


def test_the_receipt_holds_what_its_card_says(model: EncoderClassifier) -> None:
    """
    The goal is reached on validation rows, and TF-IDF of whole reviews is ahead on
    the test rows.
    """
    receipt = model.zoo.receipt
    reached = receipt["metrics"][0]["value"]
    best = max(epoch["accuracy"] for epoch in receipt["history"])
    ahead = receipt["baselines"]["logistic regression on whole reviews"]

    assert receipt["measured"]["validation_accuracy"] == best >= 0.87
    assert 0.85 < reached < ahead["accuracy"]
