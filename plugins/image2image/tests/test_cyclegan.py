"""What only the CycleGAN promises; the rest is in zoo.testing."""

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from zoo_image2image.cyclegan import cyclegan
from zoo_image2image.cyclegan_recipe import (
    ImageBuffer,
    Settings,
    Shift,
    data,
    discriminator_loss,
    generator_loss,
    of_domain,
    optimizer_of,
    train,
)
from zoo_image2image.cyclegan_report import matched, share
from zoo_image2image.judge import jittered, train_judge
from zoo_image2image.patchgan import PatchGAN

import zoo
from zoo import Run
from zoo.recipes import TensorRows

NAME = "cyclegan-horse2zebra"
SPEC = zoo.get_spec(NAME)


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def generator_of(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Scores(nn.Module):
    """A discriminator whose score is the first number of each image."""

    def forward(self, image: Tensor) -> Tensor:
        return image[:, :1, :1, :1]


def images(*values: float) -> Tensor:
    return torch.tensor(values)[:, None, None, None].expand(-1, 3, 2, 2).clone()


def test_the_courses_networks_are_the_courses() -> None:
    """
    With 64 channels, nine blocks, and patches of 70 by 70, as many parameters as there.
    """
    model = zoo.build(NAME, width=64, blocks=9)

    assert count(model.generator) == count(model.inverse) == 11_378_179
    assert count(PatchGAN(channels=3, width=64)) == 2_764_737


def test_a_patch_is_as_large_as_it_says() -> None:
    """
    A score depends on 70 pixels with three layers of stride 2, and on 34 with two.
    """
    for layers, patch in ((3, 70), (2, 34)):
        network = PatchGAN(channels=3, width=4, layers=layers)
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
        size = 1
        for layer in reversed(convolutions):
            size = (size - 1) * layer.stride[0] + layer.kernel_size[0]

        assert size == patch


def test_images_keep_their_size_and_their_range() -> None:
    """
    Both generators give what they take, in -1..1, also of images that are not square.
    """
    model = cyclegan(width=4, blocks=1).eval()
    image = torch.rand(2, 3, 24, 40) * 2 - 1

    for made in (model(image), model.inverse(image)):
        assert made.shape == image.shape
        assert made.abs().max() <= 1


def test_the_model_is_its_first_generator() -> None:
    """
    It turns horses into zebras; the other way is a part of it.
    """
    model = cyclegan(width=4, blocks=1).eval()
    image = torch.rand(1, 3, 16, 16)

    assert torch.equal(model(image), model.generator(image))
    assert not torch.equal(model(image), model.inverse(image))


def test_with_its_domain_an_image_has_a_cycle_consistency_loss() -> None:
    """
    |F(G(x)) - x| of a horse, |G(F(y)) - y| of a zebra; zero of generators that leave
    everything as it is.
    """
    model = cyclegan(width=4, blocks=1).eval()
    image = torch.rand(2, 3, 16, 16)
    loss = model(image, torch.tensor([0, 1]))
    horse = (model.inverse(model.generator(image[:1])) - image[:1]).abs().mean()
    zebra = (model.generator(model.inverse(image[1:])) - image[1:]).abs().mean()
    model.generator = model.inverse = nn.Identity()

    assert loss.tolist() == pytest.approx([horse.item(), zebra.item()], abs=1e-5)
    assert model(image, torch.tensor([0, 1])).tolist() == [0, 0]


def test_the_adversarial_losses_are_least_squares() -> None:
    """
    (D(G(x)) - 1)^2 in the mean, and half of (D(y) - 1)^2 + D(G(x))^2, by hand.
    """
    real, fake = images(0.5, 1.0), images(0.25, -1.0)
    by_hand = (0.75**2 + 2**2) / 2
    d_by_hand = ((0.5**2 + 0) / 2 + (0.25**2 + 1) / 2) / 2

    assert generator_loss(Scores(), fake).item() == pytest.approx(by_hand)
    assert discriminator_loss(Scores(), real, fake).item() == pytest.approx(d_by_hand)


def test_a_generators_loss_leaves_the_discriminator_alone() -> None:
    """
    The image gets a gradient, and the weights that judge it do not; they can still
    learn afterwards.
    """
    network, fake = PatchGAN(channels=3, width=4, layers=1), images(0.5)
    fake = fake.repeat(1, 1, 8, 8).requires_grad_()
    generator_loss(network, fake).backward()

    assert fake.grad is not None
    assert all(p.grad is None and p.requires_grad for p in network.parameters())


def test_a_buffer_gives_back_what_fills_it() -> None:
    """
    Until it is full, images come back as they are.
    """
    buffer, random = ImageBuffer(3), generator_of(0)

    assert torch.equal(buffer.exchange(images(1, 2, 3), random), images(1, 2, 3))
    assert len(buffer.images) == 3


def test_a_full_buffer_gives_back_older_images_half_of_the_time() -> None:
    """
    An image is given back itself, or kept in the place of one that is: none is lost,
    and none is given twice.
    """
    buffer, random = ImageBuffer(5), generator_of(0)
    given, returned = [], []
    for number in range(400):
        given.append(float(number))
        returned += buffer.exchange(images(number), random)[:, 0, 0, 0].tolist()
    kept = [image[0, 0, 0].item() for image in buffer.images]
    first = returned[:5]
    new = sum(one == other for one, other in zip(given, returned, strict=True))

    assert first == given[:5]
    assert sorted([*returned[5:], *kept]) == sorted([*given[5:], *first])
    assert 150 < new < 250


def test_no_buffer_gives_back_what_it_is_given() -> None:
    """
    A size of zero keeps nothing.
    """
    buffer = ImageBuffer(0)

    assert torch.equal(buffer.exchange(images(1, 2), generator_of(0)), images(1, 2))
    assert not buffer.images


def test_a_buffer_goes_on_after_a_kill() -> None:
    """
    Its state has the images, and what is done afterwards does not change it.
    """
    buffer, other = ImageBuffer(2), ImageBuffer(2)
    buffer.exchange(images(1, 2), generator_of(0))
    state = buffer.state_dict()
    other.load_state_dict(state)
    first, second = (
        one.exchange(images(3), generator_of(1)) for one in (buffer, other)
    )

    assert torch.equal(first, second)
    assert [one[0, 0, 0].item() for one in state["images"]] == [1, 2]


def test_the_learning_rate_is_constant_and_then_falls_to_zero() -> None:
    """
    Half of the steps each.
    """
    run, settings = Run(SPEC), Settings()
    optimizer, scheduler = optimizer_of(
        (nn.Linear(1, 1), nn.Linear(1, 1)), settings, 10, run
    )
    rates = []
    for _ in range(10):
        rates.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    expected = [1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2]

    assert rates == pytest.approx([settings.lr * share for share in expected])


def test_training_pictures_are_moved_and_mirrored() -> None:
    """
    By at most as many pixels as the setting says, and each way occurs.
    """
    row = torch.arange(16.0).expand(1, 3, 16, 16)
    shift, random = Shift(2), generator_of(0)
    firsts = {shift(row, random)[0, 0, 8, 8].item() for _ in range(100)}

    assert firsts == {6, 7, 8, 9, 10, 5}
    assert torch.equal(Shift(0)(row, generator_of(1)).sort(dim=3).values, row)


def test_color_matching_moves_mean_and_deviation() -> None:
    """
    Each picture has the others' afterwards, where nothing is cut off.
    """
    random = generator_of(0)
    image = torch.rand(4, 3, 8, 8, generator=random) * 0.3
    others = torch.rand(6, 3, 8, 8, generator=random) * 0.2 + 0.4
    changed = matched(image, others)

    for made in (changed, changed[:1]):
        flat = made.transpose(0, 1).flatten(1)
        known = others.transpose(0, 1).flatten(1)
        assert flat.mean(1).tolist() == pytest.approx(known.mean(1).tolist(), abs=1e-3)
        assert flat.std(1).tolist() == pytest.approx(known.std(1).tolist(), abs=1e-2)


def test_the_judge_learns_shapes_and_no_colors() -> None:
    """
    Stripes from plain areas it tells in any colour; red from blue, of which there is
    nothing in its training, it does not.
    """
    random = generator_of(0)
    stripes = (torch.arange(32) // 4 % 2 * 120 + 60).expand(32, 3, 32, 32)
    plain = torch.full((32, 3, 32, 32), 120)
    noise = torch.randint(0, 30, (64, 3, 32, 32), generator=random)
    pictures = (torch.cat([plain, stripes]) + noise).byte()
    target = torch.arange(2).repeat_interleave(32)
    rows = TensorRows(input=pictures, target=target, source="stripes")
    judge = train_judge(rows, epochs=30)
    shown = pictures[32:].float() / 255
    red = shown * torch.tensor([1.0, 0.5, 0.5])[:, None, None]

    assert share(judge, shown, 1) > 0.9
    assert share(judge, red, 1) > 0.9
    assert share(judge, pictures[:32].float() / 255, 1) < 0.1


def test_jitter_changes_each_picture_in_its_own_way() -> None:
    """
    The same picture twice in a batch comes out as two, and the same seed gives the
    same.
    """
    image = torch.rand(1, 3, 8, 8, generator=generator_of(0)).repeat(2, 1, 1, 1)
    changed = jittered(image, generator_of(1))

    assert not torch.allclose(changed[0], changed[1])
    assert torch.equal(changed, jittered(image, generator_of(1)))


def test_a_run_learns_both_ways_and_keeps_each_epoch() -> None:
    """
    The weights of both generators change, by the same seed in the same way, and those
    of each epoch are there for the card.
    """
    trained = []
    for _ in range(2):
        run = Run(SPEC, smoke=True)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            settings = Settings(epochs=1, d_width=4, buffer_size=4, batch_size=8)
            trained.append(train(settings, run))
        weights = run.artifacts["weights"]
        state = trained[-1].state_dict()

        assert len(weights) == 1
        assert all(torch.equal(weights[0][name], state[name].half()) for name in state)
        assert {"generator_loss", "discriminator_loss"} <= {*run.history[0]}
    first, second = (one.state_dict() for one in trained)

    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_smoke_run_has_both_domains() -> None:
    """
    With the data or without.
    """
    rows = data(Run(SPEC, smoke=True), "test")

    assert rows.input.shape[1:] == (3, 64, 64)
    assert len(of_domain(rows, 0)) > 0
    assert len(of_domain(rows, 1)) > 0
    assert len(rows) <= 32


@pytest.mark.parametrize("size", [(8, 400), (400, 8), (1, 1), (300, 200)])
@pytest.mark.parametrize("mode", ["L", "RGBA", "RGB"])
def test_a_picture_of_any_size_and_kind_becomes_one_of_64(
    size: tuple[int, int], mode: str
) -> None:
    """
    Grey, transparent or long: the middle of it is translated, in colour.
    """
    answer = zoo.predict(zoo.build(NAME).eval(), Image.new(mode, size, 90))

    assert answer.image.size == (64, 64)
    assert answer.image.mode == "RGB"
